"""What features are worth: an L2-SVM, a nearest neighbour and logistic regression with few labels, on the features of ALI, of ALI
with the networks for few labels, of ALI in the steadier game, of a plain GAN of the same networks, of DCGAN, and on pixels; adds rows to
results/features-DATA.json

A method with -all reads all layers of the encoder as those of DCGAN are read, pooled, in place of the last three.

Rows that are there already are not made again. ALI is the shipped model or trained here, as the others are, on
the same images, for as many steps of as many images.
"""
import argparse, sys
from functools import lru_cache
from pathlib import Path

import torch

from ali_nb.cli import Train, train
from ali_nb.core import environment, read_json
from ali_nb.data import load_data
from ali_nb.models import ALI
from ali_nb.semisupervised import features, few_labels
from rows import add_rows


def model(data, method, steps, width, size):
    "A trained model and the image size it takes"
    if method == 'pixels': return None
    if method == 'ali' and not steps: return ALI.from_pretrained(data)
    out = Path('runs/features')/f'{data}-{method}-{steps}-{width:g}'
    if not (out/'config.json').exists() or read_json(out/'config.json')['step'] < steps:
        _,ended = train(Train(data, preset=dict(ali=data, better=f'{data}-labels', steady='steady', gan=f'{data}-gan', dcgan='dcgan')[method], steps=steps, width=width, size=size,
                    out=str(out), resume=(out/'checkpoint.safetensors').exists()))
        if not ended: sys.exit('stopped: the same command goes on')
    return ALI.from_pretrained(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('data')
    p.add_argument('methods', nargs='+', choices=['pixels', 'ali', 'ali-all', 'better', 'better-all', 'steady', 'steady-all', 'gan', 'dcgan'])
    p.add_argument('--labels', type=int, nargs='+', default=[100, 300, 1000])
    p.add_argument('--draws', type=int, default=10)
    p.add_argument('--steps', type=int, default=0, help='of a training; 0 takes the shipped ALI')
    p.add_argument('--width', type=float, default=1.)
    p.add_argument('--size', type=int, help="of the images, for DCGAN; the data set's own if not given")
    a = p.parse_args()
    if not torch.cuda.is_available(): torch.set_num_threads(1)
    path = Path(__file__).parent.parent/f'results/features-{a.data}.json'
    @lru_cache(1)
    def described(method):
        "Features and classes of the three parts, what they are, and where they were computed"
        ali = model(a.data, method.removesuffix('-all'), a.steps, a.width, a.size)
        dls = load_data(a.data, size=ali and ali.cfg.sz)
        if ali: ali.to(dls.device)
        parts = [o.dataset[:] for o in dls]
        told = [o for x,y in parts for o in (x if ali is None else features(ali, x, None if method.endswith('-all') else 3), y)]
        return told, dict(n_features=told[0].flatten(1).shape[1], sz=parts[0][0].shape[-1]), dls.device
    def make(key, left):
        told, about, device = described(key['method'])
        return dict(about, **few_labels(*told, key['n_labels'], a.draws), **environment(device))
    for row in add_rows(path, a.data, [dict(method=m, n_labels=n, steps=a.steps, width=a.width) for m in a.methods for n in a.labels], make):
        print(f"{a.data} {row['method']} {row['n_labels']} labels: SVM {sum(row['svm'])/a.draws:.2f} %, nearest {sum(row['nearest'])/a.draws:.2f} %, logistic {sum(row['logistic'])/a.draws:.2f} %", flush=True)


if __name__ == '__main__': main()
