"Turn packed copies of the public sets (a folder with `load.py` and `imgpack.py`) into files that `load_data` reads: unpack_data.py SRC DEST"
import gzip, runpy, subprocess, sys, zipfile
from pathlib import Path

import numpy as np
import torch

from ali_nb.data import ImageArray, save_arrays, split_indices


def unpack(src, dest, names=('mnist','cifar10','svhn','celeba','tiny-imagenet')):
    "Write the named sets below `dest`: official layout where the copy is complete, else one file of arrays"
    src,dest = Path(src),Path(dest)
    dest.mkdir(parents=True, exist_ok=True)
    sys.dont_write_bytecode, old = True, sys.dont_write_bytecode   # the source may be read-only
    read = runpy.run_path(str(src/'load.py'))
    if 'mnist' in names:
        (dest/'MNIST/raw').mkdir(parents=True, exist_ok=True)
        for f in (src/'mnist').glob('*.gz'): (dest/'MNIST/raw'/f.stem).write_bytes(gzip.decompress(f.read_bytes()))
    if 'cifar10' in names: subprocess.run([sys.executable, '-B', str(src/'cifar10/unpack.py'), str(dest)], check=True, stdout=subprocess.DEVNULL)
    if 'tiny-imagenet' in names:
        base = dest/'tiny-imagenet-200'
        for f in (src/'tiny_imagenet').glob('*.zip'): zipfile.ZipFile(f).extractall(base)
        (base/'wnids.txt').write_text((src/'tiny_imagenet/wnids.txt').read_text())
        (base/'val/val_annotations.txt').write_text((src/'tiny_imagenet/val_annotations_2000.txt').read_text())
    if 'svhn' in names:
        (x,y),(xt,yt) = read['svhn']('train'), read['svhn']('test')
        parts = [(x[:-100],y[:-100]), (x[-100:],y[-100:]), (xt,yt)]
        save_arrays(dest/'svhn-32.npz', [ImageArray(torch.tensor(a), torch.tensor(b)) for a,b in parts])
    if 'celeba' in names:
        x,y,attrs = read['celeba64']()
        save_arrays(dest/'celeba-64.npz', [ImageArray(torch.tensor(x)[i], torch.tensor(y.astype(np.uint8))[i], attrs) for i in split_indices(len(x), .05, .05)])
    sys.dont_write_bytecode = old


if __name__ == '__main__':
    if len(sys.argv) != 3: sys.exit(__doc__)
    unpack(*sys.argv[1:])
