"""How well conditional models obey, and whether their embedding should be learned: trains one for each embedding and seed, and
adds rows to results/conditional-DATA.json

Rows that are there already are not made again, and a training that was cut short goes on. Choices are made on the numbers of
the validation part; those of the test part are computed once, at the end of each training, and choose nothing.
"""
import argparse
from dataclasses import replace
from pathlib import Path

import torch

from ali_nb.conditional import conditional_metrics, obedience
from ali_nb.core import environment
from ali_nb.data import load_data
from ali_nb.metrics import Judge, evaluate
from ali_nb.models import ALI, ALIConfig
from ali_nb.training import ali_learner, preset_for, train_run
from rows import add_rows


def one(data, size, preset, judge, limit, embedding, seed, steps, width):
    "Train one row's networks and judge them; None if `limit` minutes were not enough"
    dls = load_data(data, size=size, seed=seed)
    n_ch,sz = dls.one_batch()[0].shape[1:3]
    cfg = ALIConfig.preset(preset or preset_for(sz, given=True), width, sz, n_ch, n_y=dls.train.dataset.n_y)
    run = Path('runs/conditional')/f'{data}-{embedding}-{seed}-{steps}-{width:g}'
    learn = ali_learner(dls, replace(cfg, learn_embed=embedding == 'learned', project=embedding != 'joined' and cfg.project), seed=seed)
    if not train_run(learn, run, steps, resume=(run/'checkpoint.safetensors').exists(), limit=limit, data=data): return None
    ali, judge = ALI.from_pretrained(run, dls.device), Judge.from_pretrained(judge or f'judge-{data}', dls.device)
    xa,ya = dls.train.dataset[:20_000]
    def judged(part):
        x,y = part.dataset[:]
        return dict(evaluate(ali, xa, x, ya, y, judge=judge), **conditional_metrics(ali, xa, ya, x, y, judge), strong=dict(strength=1.5, **obedience(ali, judge, y, strength=1.5)))
    return dict(run=str(run), valid=judged(dls.valid), test=judged(dls[2]), **environment(dls.device))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('data')
    p.add_argument('embeddings', nargs='+', choices=['random', 'learned', 'joined'], help='frozen, learned, or frozen and joined as in the paper only')
    p.add_argument('--seeds', type=int, nargs='+', default=[0])
    p.add_argument('--steps', type=int, required=True)
    p.add_argument('--width', type=float, default=1.)
    p.add_argument('--size', type=int, help="of the images; the data set's own if not given")
    p.add_argument('--preset', help='networks; what suits the size if not given')
    p.add_argument('--judge', help='weights file of the judge; the shipped one if not given')
    p.add_argument('--minutes', type=float, help='stop after so many minutes, to be continued by the same command')
    a = p.parse_args()
    if not torch.cuda.is_available(): torch.set_num_threads(1)
    path = Path(__file__).parent.parent/f'results/conditional-{a.data}.json'
    keys = [dict(embedding=e, seed=s, steps=a.steps, width=a.width) for s in a.seeds for e in a.embeddings]
    for row in add_rows(path, a.data, keys, lambda key, left: one(a.data, a.size, a.preset, a.judge, left, **key), a.minutes):
        v = row['valid']
        print(f"{a.data} {row['embedding']}, seed {row['seed']}: obeyed {v['obeyed']:.3f}, code tells {v['code_probe']:.3f} (chance {v['code_chance']:.3f}), error {v['recon_ratio']:.3f}", flush=True)


if __name__ == '__main__': main()
