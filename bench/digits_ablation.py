"""What each choice of the `digits` recipe is worth, and of what it leaves out: one change at a time, two seeds, judged on the validation part

Rows that are there already are not made again.
"""
import sys
from dataclasses import replace
from pathlib import Path

import torch

from ali_nb.core import environment
from ali_nb.data import load_data
from ali_nb.metrics import evaluate
from ali_nb.models import ALIConfig
from ali_nb.training import RECIPES, ali_learner, averaged, fit_steps
from rows import add_rows

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
base, recipe = ALIConfig.preset('digits'), dict(RECIPES['digits'])
changes = { # networks, constants of the training
    'as it is': ({}, {}),
    'leaky slope 0.01 as in the paper': (dict(slope=.01), {}),
    'leaky slope 0.2': (dict(slope=.2), {}),
    'no dropout on image and code': (dict(drop_in=0.), {}),
    'no dropout': (dict(drop_in=0., drop=0.), {}),
    'one rate for both players': ({}, dict(d_lr=1.)),
    'constant rate': ({}, dict(flat=1.)),
    'current weights, not averaged': ({}, dict(ema=0.)),
    'codes need not come back, as in the paper': ({}, dict(code_cycle=0.)),
    'codes that come back, weight 3': ({}, dict(code_cycle=3.)),
}

def made(change, seed, **_):
    "Train with one change and judge"
    net, train = changes[change]
    dls = load_data('digits', device='cpu', seed=seed)
    RECIPES['digits'] = {**recipe, **{k: v for k,v in train.items() if k != 'ema'}}
    learn = ali_learner(dls, replace(base, **net), ema=train.get('ema', .999), seed=seed)
    fit_steps(learn, steps)
    a,b = dls.train.dataset, dls.valid.dataset
    return dict(evaluate(averaged(learn), a.x, b.x, a.y, b.y), **environment('cpu'))

torch.set_num_threads(1)
keys = [dict(change=o, seed=s, part='valid', steps=steps) for o in changes for s in (0, 1)]
for row in add_rows(Path(__file__).parent.parent/'results/digits-ablation.json', 'digits', keys, lambda key, left: made(**key)):
    print(row['change'], row['seed'], {k: round(row[k], 3) for k in ('recon_ratio','class_kept','probe_code','classes_present')}, flush=True)
