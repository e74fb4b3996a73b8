"Build the site in _docs: nbdev's processors, then smalldocs. Exit 1 on any warning, dead link or dead anchor."
import html,os,re,shutil,subprocess,sys,tempfile
from contextlib import contextmanager
from pathlib import Path
from posixpath import dirname,join,normpath
from urllib.parse import unquote
from nbdev.config import get_config
from nbdev.serve import proc_nbs
import onnxruntime,torch
from ali_nb.conditional import figure
from ali_nb.core import write_json
from ali_nb.data import load_data
from ali_nb.export import export_onnx
from ali_nb.metrics import Judge,extract
from ali_nb.models import ALI

def build():
    "Render the processed notebooks and the reference; return the finished folder"
    cfg,src = get_config(),proc_nbs(force=True)
    for f in src.rglob('*.ipynb'): f.write_text(re.sub(r'\s*"output-file: [^"]*",', '', f.read_text()))
    if subprocess.run([sys.executable, '-m', 'smalldocs.cli', 'render', '--strict', str(src)]).returncode: sys.exit(1)
    shutil.rmtree(cfg.doc_path, ignore_errors=True)
    return (src/cfg.doc_path.name).rename(cfg.doc_path)

@contextmanager
def npm(package):
    "The unpacked npm package for use in a `with` statement; None without npm or network"
    with tempfile.TemporaryDirectory() as tmp:
        if shutil.which('npm') and not subprocess.run(['npm', 'pack', '--silent', package], cwd=tmp, stdout=subprocess.DEVNULL).returncode:
            shutil.unpack_archive(next(Path(tmp).glob('*.tgz')), tmp, filter='data')
            yield Path(tmp)/'package'
        else: yield None

def drop_web_fonts(out):
    "Leave the themes to the fonts at hand, so that no page asks another server"
    for f in out.rglob('*.css'): f.write_text(re.sub(r'@import url\(https:[^)]*\);', '', f.read_text()))

def vendor_katex(out):
    "Put KaTeX into the site, so that formulas need no network to read"
    pages = {h: t for h in out.rglob('*.html') if 'katex@' in (t := h.read_text())}
    if not pages: return
    version = re.search(r'katex@([\d.]+)', next(iter(pages.values())))[1]
    with npm(f'katex@{version}') as pkg:
        if not pkg: return print('No KaTeX from npm: formulas will load it from its CDN')
        dest = out/'site_libs/katex'
        shutil.copytree(pkg/'dist/fonts', dest/'fonts', ignore=shutil.ignore_patterns('*.ttf', '*.woff'))
        (dest/'contrib').mkdir()
        for f in ('dist/katex.min.css', 'dist/katex.min.js', 'dist/contrib/auto-render.min.js', 'LICENSE'):
            shutil.copy(pkg/f, dest/f.removeprefix('dist/'))
    for h,t in pages.items():
        h.write_text(re.sub(r'https://[^"]*/katex@[^/"]*/dist', '../'*(len(h.relative_to(out).parts)-1)+'site_libs/katex', t))

def add_play(out):
    "Give the page Play its runtime, decoders and codes to start from; without npm it says what is missing"
    with npm('onnxruntime-web@1.23.2') as pkg:
        if not pkg:
            page = out/'play.html'
            page.write_text(re.sub(r'<form id="play".*?</form>', '<p>This copy of the site was built without npm, so the runtime is missing.</p>', page.read_text(), flags=re.S))
            return print('No onnxruntime-web from npm: the page Play says so')
        dest = out/'site_libs/onnxruntime-web'
        dest.mkdir()
        for f in ('ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'): shutil.copy(pkg/'dist'/f, dest)
    for f in ('LICENSE', 'ThirdPartyNotices.txt'): shutil.copy(Path(onnxruntime.__file__).parent/f, dest)   # the npm package has none
    models = {}
    for name in ('digits', 'mnist', 'avatars-conditional'):
        ali = ALI.from_pretrained(name)
        encoder,_ = export_onnx(ali, out/'play'/name, half=True)
        encoder.unlink()
        z = ali.encode(load_data(name)[2].dataset.x) if name == 'digits' else torch.randn(1000, ali.cfg.n_z, generator=torch.Generator().manual_seed(0))
        if not ali.cfg.n_y:   # for each class the code whose picture is the clearest
            judge = Judge.from_pretrained(f'judge-{name}')
            z = z[judge.head(extract(judge, ali.decode(z))).softmax(1).argmax(0)]
        models[name] = dict(codes=[[round(v, 4) for v in o] for o in z[:10].tolist()], names=ali.names or [], y=figure(ali)[1][0].tolist() if ali.cfg.n_y else [])
    write_json(out/'play/codes.json', models)

def dead(out):
    "Links and pictures of the site that lead to no file, and anchors that lead to no id"
    pages = {h.relative_to(out).as_posix(): h.read_text() for h in out.rglob('*.html')}
    ids = {k: set(map(html.unescape, re.findall(r'\bid="([^"]+)"', t))) for k,t in pages.items()}
    for k,t in pages.items():
        for u in set(re.findall(r'\b(?:href|src)="([^"]+)"', t)):
            path,_,anchor = unquote(html.unescape(u)).partition('#')
            if re.match(r'[a-z]+:|//', u): continue
            to = normpath(join(dirname(k), path.partition('?')[0])) if path else k
            if (out/to).is_dir(): to = normpath(join(to, 'index.html'))
            if not (out/to).exists() or (anchor and to in ids and anchor not in ids[to]): yield f'{k}: dead link {u}'

if __name__=='__main__':
    os.chdir(Path(__file__).resolve().parent.parent)
    out = build()
    drop_web_fonts(out)
    vendor_katex(out)
    add_play(out)
    bad = sorted(dead(out))
    print('\n'.join(bad) or f"{len(list(out.rglob('*.html')))} pages in {out.name}, no dead link")
    sys.exit(bool(bad))
