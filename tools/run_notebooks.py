"Run notebooks in place, each in a fresh process; cells that nbdev_test skips keep their outputs. Then check every stored output."
import argparse,base64,io,os,re,subprocess,sys,time
import numpy as np
from pathlib import Path
from execnb.nbio import read_nb,write_nb
from execnb.shell import CaptureShell
from fastcore.xtras import working_directory
from nbdev.clean import nbdev_clean
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.process import NBProcessor
from PIL import Image

root = Path(__file__).resolve().parent.parent
max_png = 100_000
faults = {'an absolute path': re.compile(r'(?<![\w.-])/(?:home|root|work|tmp|Users|mnt)/'),
          'a progress bar or control characters': re.compile(r'[\r\b\x1b█]|<progress')}

number = re.compile(r'-?\d[\d,]*\.?\d*(?:e[-+]?\d+)?')

def same(a, b):
    "Whether outputs tell the same: the words, numbers within a tenth, pictures of one size that differ by 4 % of the range at most"
    if a.output_type!=b.output_type or a.get('data', {}).keys()!=b.get('data', {}).keys(): return False
    texts = [(''.join(o), ''.join(p)) for o,p in [(a.get('text', ''), b.get('text', '')), *((v, b.data[k]) for k,v in a.get('data', {}).items() if k.startswith('text/'))]]
    value = lambda s: [float(o.replace(',', '').rstrip('.')) for o in number.findall(s)]
    close = lambda p, q: len(p)==len(q) and np.allclose(p, q, rtol=.1, atol=.02)
    if any(number.sub('', p).split()!=number.sub('', q).split() or not close(value(p), value(q)) for p,q in texts): return False
    if 'image/png' not in a.get('data', {}): return True
    p,q = (np.asarray(Image.open(io.BytesIO(base64.b64decode(''.join(o.data['image/png'])))).convert('RGB'), float) for o in (a, b))
    return p.shape==q.shape and abs(p-q).mean()<10

def run(fn, flags, compare=False):
    "Execute `fn` and store the outputs of the cells that ran, or compare them with what is stored"
    skip = set(get_config().tst_flags.split())-set(flags.split())
    raw,nb = read_nb(fn),NBProcessor(fn).nb          # raw keeps the directives, nb has them parsed
    def skipped(c):
        if c.cell_type!='code' or 'nbdev_export(' in c.source: return True
        return c.directives_.get('eval:', [''])[0].lower()=='false' or bool(skip & c.directives_.keys())
    todo,stale = [i for i,c in enumerate(nb.cells) if not skipped(c)],[]
    for i in todo: nb.cells[i].outputs = []
    sys.path.insert(0, str(root))
    shell = CaptureShell(fn, mpl_format='png')
    try:
        with working_directory(fn.parent): shell.run_all(nb, exc_stop=True, preproc=skipped)
    except BaseException: sys.exit(shell.prettytb(fn.name))
    for i in todo:
        for o in nb.cells[i].outputs: o.get('data', {}).pop('application/vnd.jupyter.widget-view+json', None)   # a still picture remains
        old,raw.cells[i].outputs = raw.cells[i].outputs,nb.cells[i].outputs
        if compare and 'varies:' not in nb.cells[i].directives_ and not (len(old)==len(nb.cells[i].outputs) and all(map(same, old, nb.cells[i].outputs))): stale.append(f'{fn.name}, cell {i} ({raw.cells[i].id})')
    if compare: sys.exit('\n'.join(f'{o}: what is stored is not what the code gives' for o in stale) or 0)
    write_nb(raw, fn)
    nbdev_clean.__wrapped__(fn)

def check(fn):
    "What a reader should not see in the stored outputs of `fn`"
    for i,c in enumerate(read_nb(fn).cells):
        for o in c.get('outputs', []):
            data,kinds = o.get('data', {}),[]
            text = ''.join([*o.get('text', ''), *(''.join(v) for k,v in data.items() if k.startswith('text/'))])
            if o.output_type=='error': kinds.append(f'an error, {o.ename}: {o.evalue}')
            if o.get('name')=='stderr': kinds.append(f'a warning or other stderr output: {text.strip()[:200]!r}')
            kinds += [f'{k}: {text[max(0, m.start()-20):m.end()+40]!r}' for k,r in faults.items() if (m := r.search(text))]
            size = len(base64.b64decode(''.join(data.get('image/png', ''))))
            if size>max_png: kinds.append(f'a picture of {size//1000} kB, over {max_png//1000} kB: draw it smaller')
            yield from (f'{fn.name}, cell {i} ({c.id}) stores {k}' for k in kinds)

def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('notebooks', nargs='*', help='default: every notebook of the book')
    p.add_argument('--check', action='store_true', help='check the stored outputs, run nothing')
    p.add_argument('--compare', action='store_true', help='run, store nothing, and tell which stored outputs differ from what the code gives; those of cells with `varies: true` depend on the machine')
    p.add_argument('--flags', default='', help="flags whose cells run too, as for nbdev_test: 'cuda slow'")
    p.add_argument('--here', action='store_true', help='run in this process')
    a = p.parse_args()
    fns = [Path(f).resolve() for f in a.notebooks]
    os.chdir(root)
    fns = fns or sorted(nbglob(as_path=True))
    if a.here: return [run(fn, a.flags, a.compare) for fn in fns]
    env,failed,bad = dict(os.environ, PYTHONHASHSEED='0', PYTHONWARNINGS='ignore::FutureWarning', OMP_NUM_THREADS=os.environ.get('OMP_NUM_THREADS', '1')),[],[]
    for fn in fns if not a.check else []:
        start = time.time()
        if subprocess.run([sys.executable, __file__, '--here', '--flags', a.flags, *(['--compare'] if a.compare else []), fn], env=env).returncode: failed.append(f'{fn.name} {"is not up to date" if a.compare else "failed and keeps its old outputs"}')
        print(f'{fn.name}: {time.time()-start:.0f} s', flush=True)
    for fn in fns: bad += check(fn)
    print('\n'.join([*failed, *bad]) or f'{len(fns)} notebooks, every stored output is clean')
    sys.exit(bool(failed or bad))

if __name__=='__main__': main()
