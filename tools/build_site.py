"Build the site in _docs: nbdev's processors, then smalldocs. Exit 1 on any warning, dead link or dead anchor."
import html,os,re,shutil,subprocess,sys,tempfile
from pathlib import Path
from posixpath import dirname,join,normpath
from urllib.parse import unquote
from nbdev.config import get_config
from nbdev.serve import proc_nbs

def build():
    "Render the processed notebooks and the reference; return the finished folder"
    cfg,src = get_config(),proc_nbs(force=True)
    for f in src.rglob('*.ipynb'): f.write_text(re.sub(r'\s*"output-file: [^"]*",', '', f.read_text()))
    if subprocess.run([sys.executable, '-m', 'smalldocs.cli', 'render', '--strict', str(src)]).returncode: sys.exit(1)
    shutil.rmtree(cfg.doc_path, ignore_errors=True)
    return (src/cfg.doc_path.name).rename(cfg.doc_path)

def vendor_katex(out):
    "Put KaTeX into the site, so that formulas need no network to read"
    pages = {h: t for h in out.rglob('*.html') if 'katex@' in (t := h.read_text())}
    if not pages: return
    version = re.search(r'katex@([\d.]+)', next(iter(pages.values())))[1]
    with tempfile.TemporaryDirectory() as tmp:
        if not shutil.which('npm') or subprocess.run(['npm', 'pack', '--silent', f'katex@{version}'], cwd=tmp, stdout=subprocess.DEVNULL).returncode:
            return print('No KaTeX from npm: formulas will load it from its CDN')
        shutil.unpack_archive(next(Path(tmp).glob('*.tgz')), tmp, filter='data')
        pkg,dest = Path(tmp)/'package',out/'site_libs/katex'
        shutil.copytree(pkg/'dist/fonts', dest/'fonts', ignore=shutil.ignore_patterns('*.ttf', '*.woff'))
        (dest/'contrib').mkdir()
        for f in ('dist/katex.min.css', 'dist/katex.min.js', 'dist/contrib/auto-render.min.js', 'LICENSE'):
            shutil.copy(pkg/f, dest/f.removeprefix('dist/'))
    for h,t in pages.items():
        h.write_text(re.sub(r'https://[^"]*/katex@[^/"]*/dist', '../'*(len(h.relative_to(out).parts)-1)+'site_libs/katex', t))

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
    vendor_katex(out)
    bad = sorted(dead(out))
    print('\n'.join(bad) or f"{len(list(out.rglob('*.html')))} pages in {out.name}, no dead link")
    sys.exit(bool(bad))
