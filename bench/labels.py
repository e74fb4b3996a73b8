"""Errors with few labels: K+1 classes by the closest recipe, by the best one and with each addition alone, beside the same
network without the game; adds rows to results/labels-DATA.json

Rows that are there already are not made again, and a training that was cut short goes on. Choices were made on the errors of
the validation part; those of the test part were computed once, at the end of each training, and chose nothing.
"""
import argparse
from dataclasses import replace
from pathlib import Path

import torch
from sklearn.metrics import confusion_matrix

from ali_nb.core import environment
from ali_nb.data import load_data
from ali_nb.models import ALIConfig
from ali_nb.semisupervised import classes_of, label_learner, label_preset, supervised
from ali_nb.training import averaged, train_run
from rows import add_rows

ADDED = { # to the closest recipe: networks, constants of the training
    'closest': ({}, {}),
    'matching': ({}, dict(game=0., matching=1.)),
    'weight-norm': (dict(d_weight_norm=True, d_norm=False, d_z_bias=True), {}),
    'noise': (dict(noise_in=.1, noise=.2), {}),
    'shift': ({}, dict(shift=1)),
    'consistency': ({}, dict(consistency=1.)),
    'smooth': ({}, dict(smooth=1.)),
}


def judged(ali, part):
    "Share of wrong classes in percent, and what was taken for what"
    x,y = part.dataset[:]
    y,said = y.cpu(), ali.classify(x).argmax(1).cpu()
    return 100*(said != y).float().mean().item(), confusion_matrix(y, said, labels=range(ali.cfg.n_cls)).tolist()


def one(data, limit, method, n_labels, seed, steps, width):
    "Train one row's networks and judge them; None if `limit` minutes were not enough"
    dls = load_data(data, labels=n_labels, seed=seed)
    n_ch,sz = dls.one_batch()[0].shape[1:3]
    cfg = ALIConfig.preset(data if method in ADDED else label_preset(sz), width, sz, n_ch, classes_of(dls))
    if method == 'network': ali = supervised(dls, cfg, steps, seed)
    else:
        net,recipe = ADDED.get(method, ({}, {}))
        learn = label_learner(dls, replace(cfg, **net), seed=seed)
        learn.recipe = {**learn.recipe, **recipe}
        run = Path('runs/labels')/f'{data}-{method}-{n_labels}-{seed}-{steps}-{width:g}'
        if not train_run(learn, run, steps, resume=(run/'checkpoint.safetensors').exists(), limit=limit, data=data): return None
        ali = averaged(learn)
    (valid,_),(test,confusion) = (judged(ali, o) for o in (dls.valid, dls[2]))
    return dict(valid=valid, test=test, **environment(dls.device), **(dict(confusion=confusion) if method == 'best' else {}))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('data')
    p.add_argument('methods', nargs='+', choices=['best', 'network', *ADDED])
    p.add_argument('--labels', type=int, nargs='+', default=[100])
    p.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    p.add_argument('--steps', type=int, required=True)
    p.add_argument('--width', type=float, default=1.)
    p.add_argument('--minutes', type=float, help='stop after so many minutes, to be continued by the same command')
    a = p.parse_args()
    if not torch.cuda.is_available(): torch.set_num_threads(1)
    path = Path(__file__).parent.parent/f'results/labels-{a.data}.json'
    keys = [dict(method=m, n_labels=n, seed=s, steps=a.steps, width=a.width) for n in a.labels for s in a.seeds for m in a.methods]
    for row in add_rows(path, a.data, keys, lambda key, left: one(a.data, left, **key), a.minutes):
        print(f"{a.data} {row['method']} {row['n_labels']} labels, seed {row['seed']}: valid {row['valid']:.2f} %, test {row['test']:.2f} %", flush=True)


if __name__ == '__main__': main()
