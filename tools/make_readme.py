"Make README.md and its pictures in docs_images/ from nbs/index.ipynb. --check only compares, and exits 1 where they differ."
import base64,os,re,shutil,sys,yaml
from pathlib import Path
from execnb.nbio import read_nb
from nbdev.config import get_config
from nbdev.processors import FilterDefaults

root,media = Path(__file__).resolve().parent.parent,'docs_images'

def from_root(m, nbs):
    "A link that holds in nbs/, rewritten to hold in the repository's root"
    path,anchor = re.fullmatch(r'([^#]*)(#.*)?', m[2]).groups()
    if path.endswith('.md') and (nbs/path).is_file() and not (nbs/path).is_symlink():   # a page that only the site can show
        cfg = get_config()
        return f"{m[1]}{cfg.doc_host}{cfg.doc_baseurl}/{path[:-3]}.html{anchor or ''})"
    if (nbs/path).exists(): return f"{m[1]}{(nbs/path).resolve().relative_to(root).as_posix()}{anchor or ''})"
    if '.' in path: sys.exit(f'README: {m[2]} is not in {nbs.name}/')
    return m[0]

def markdown(s, nbs):
    "A Markdown cell as GitHub reads it: links from the root, callouts as alerts"
    s = re.sub(r'(\]\()([^)#:\s][^):\s]*)\)', lambda m: from_root(m, nbs), s)
    alert = lambda m: '\n'.join('> '+l for l in [f'[!{m[1].upper()}]', *m[2].strip().splitlines()])
    return re.sub(r':::\s*\{\.callout-(\w+)[^}]*\}\n(.*?)\n:::', alert, s, flags=re.S)

def code(c, i, nbs, files):
    "A code cell as a fence, then its outputs; pictures go to `files`"
    head,src = re.fullmatch(r'((?:#\|[^\n]*\n?)*)(.*)', c.source, re.S).groups()
    opts = yaml.safe_load(head.replace('#|', '')) or {}
    if not opts.get('readme', True): return
    if src and opts.get('echo', True): yield f'```python\n{src}\n```'
    for j,o in enumerate(c.get('outputs', [])):
        data = {k: ''.join(v) for k,v in o.get('data', {}).items()}
        if 'image/png' in data:
            name = f"{media}/{opts.get('label', f'cell-{i}')}{f'-{j}' if j else ''}.png"
            files[name] = base64.b64decode(data['image/png'])
            yield f"![{opts.get('fig-alt', '')}]({name})"
            if 'fig-cap' in opts: yield f"*{opts['fig-cap']}*"
        elif 'text/markdown' in data: yield markdown(data['text/markdown'], nbs)
        else: yield '```\n'+(data.get('text/plain') or ''.join(o.get('text', ''))).rstrip()+'\n```'

def readme():
    "README.md and its pictures, as a dict from path to bytes"
    cfg = get_config()
    nb,files,out = read_nb(cfg.nbs_path/cfg.readme_nb),{},[]
    FilterDefaults()(nb)
    for i,c in enumerate(nb.cells):
        if c.cell_type=='raw':
            fm = yaml.safe_load(c.source.strip().strip('-'))
            out += [f"# {fm['title']}", *([f"> {fm['description']}"] if 'description' in fm else [])]
        elif c.cell_type=='markdown': out.append(markdown(c.source, cfg.nbs_path))
        else: out += code(c, i, cfg.nbs_path, files)
    files['README.md'] = ('\n\n'.join(o.strip('\n') for o in out if o.strip())+'\n').encode()
    return files

if __name__=='__main__':
    os.chdir(root)
    new,old = readme(),{p.as_posix(): p.read_bytes() for p in [Path('README.md'), *Path(media).glob('*')] if p.exists()}
    differ = [k for k in sorted({*new, *old}) if new.get(k)!=old.get(k)]
    if '--check' in sys.argv:
        if differ: sys.exit(f"{', '.join(differ)}: not what nbs/index.ipynb gives; run tools/make_readme.py")
    else:
        shutil.rmtree(media, ignore_errors=True)
        for k,v in new.items():
            Path(k).parent.mkdir(exist_ok=True)
            Path(k).write_bytes(v)
        print('Wrote', ', '.join(new))
