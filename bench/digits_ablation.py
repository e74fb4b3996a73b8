"What each choice of the `digits` recipe is worth: one change at a time, two seeds, judged on the validation part"
import sys
from dataclasses import replace
from pathlib import Path

import torch

from ali_nb.core import write_results
from ali_nb.data import load_data
from ali_nb.metrics import evaluate
from ali_nb.models import ALIConfig
from ali_nb.training import RECIPES, ali_learner, averaged, fit_steps

torch.set_num_threads(1)
steps, seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 4000, (0, 1)
base, recipe = ALIConfig.preset('digits'), dict(RECIPES['digits'])
changes = { # networks, constants of the training
    'as it is': ({}, {}),
    'leaky slope 0.01 as in the paper': (dict(slope=.01), {}),
    'leaky slope 0.2': (dict(slope=.2), {}),
    'dropout 0.2 on image and code': (dict(drop_in=.2), {}),
    'no dropout': (dict(drop=0.), {}),
    'one rate for both players': ({}, dict(d_lr=1.)),
    'constant rate': ({}, dict(flat=1.)),
    'current weights, not averaged': ({}, dict(ema=0.)),
}
rows = []
for name,(net,train) in changes.items():
    for seed in seeds:
        dls = load_data('digits', device='cpu', seed=seed)
        RECIPES['digits'] = {**recipe, **{k: v for k,v in train.items() if k != 'ema'}}
        learn = ali_learner(dls, replace(base, **net), ema=train.get('ema', .999), seed=seed)
        fit_steps(learn, steps)
        a,b = dls.train.dataset, dls.valid.dataset
        rows.append(dict(change=name, seed=seed, **evaluate(averaged(learn), a.x, b.x, a.y, b.y)))
        print(name, seed, {k: round(rows[-1][k], 3) for k in ('recon_ratio','class_kept','probe_code','classes_present')}, flush=True)
        write_results(Path(__file__).parent.parent/'results/digits-ablation.json', dict(data='digits', part='valid', steps=steps, rows=rows))
