"""The toy of 25 Gaussians: released constants, a better recipe, its rivals on the same networks, and each change left out or
added alone; adds rows to results/mixture.json. `speed` measures what ten seeds cost beside one.

Rows that are there already are not made again. --steps shortens a training, and the row says so;
--minutes breaks off, and the same command goes on.
"""
import argparse, time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from ali_nb.core import environment, pick_device, read_json, write_json
from ali_nb.mixture import BEST, PLAIN, RELEASED, SHARP, STEADY, Trial, draw_mixture, grid_means, judged

NAMES = { # recipes by name; the second word of a rival's name is its method
    'released ali': RELEASED, 'released gan': replace(RELEASED, method='gan'),
    'ali': STEADY, 'alice': BEST, 'sharp': SHARP, **{o: replace(STEADY, method=o) for o in ('gan', 'inverse', 'posthoc', 'vae')},
    'plain': PLAIN,
    'plain + pairs': replace(PLAIN, pairing=True), 'plain + penalty': replace(PLAIN, gamma=BEST.gamma, gamma_end=BEST.gamma_end),
    'plain + falling rate': replace(PLAIN, flat=BEST.flat), 'plain + average': replace(PLAIN, ema=BEST.ema),
    'plain + rates': replace(PLAIN, lr=BEST.lr, d_lr=BEST.d_lr, betas=BEST.betas),
    'plain + cycle': replace(PLAIN, cycle=BEST.cycle), 'plain + no batch norm': replace(PLAIN, norm=False, spread=BEST.spread),
    'best - pairs': replace(BEST, pairing=False), 'best - penalty': replace(BEST, gamma=0., gamma_end=None),
    'best - falling rate': replace(BEST, flat=1.), 'best - average': replace(BEST, ema=0.),
    'best - rates': replace(BEST, lr=PLAIN.lr, d_lr=PLAIN.d_lr, betas=PLAIN.betas),
    'best - no batch norm': replace(BEST, norm=True, spread=0.),
    'sharp - waves': replace(SHARP, waves=0.), 'sharp - deeper decoder': replace(SHARP, cfg=replace(SHARP.cfg, decoder=BEST.cfg.decoder)),
    'sharp - rectified units': replace(SHARP, cfg=replace(SHARP.cfg, slope=BEST.cfg.slope)), 'sharp - lower penalty': replace(SHARP, gamma_end=BEST.gamma_end),
    'sharp - rates': replace(SHARP, lr=BEST.lr, d_lr=BEST.d_lr, betas=BEST.betas), 'sharp - narrower spread': replace(SHARP, spread_z=None),
}
RIVALS = 'ali', 'alice', 'gan', 'inverse', 'posthoc', 'vae'   # 400 points of their seed 0 are kept for the figure
OWN, RUNS = Path(__file__).parent.parent/'results', Path(__file__).parent.parent/'runs/mixture'


def trained(name, seeds, a, x, done={}):
    "The finished trial, None if time was short; rivals on a finished generator train it first, once per call"
    r = replace(NAMES[name], steps=a.steps or NAMES[name].steps)
    key, path = (name, tuple(seeds)), RUNS/f"{name.replace(' ', '_')}-{'_'.join(map(str, seeds))}-{r.steps}.safetensors"
    if key in done: return done[key]
    gan = trained('gan', seeds, a, x) if r.method in ('inverse', 'posthoc') else None
    if gan is None and r.method in ('inverse', 'posthoc'): return None
    trial = Trial(r, seeds, x, gan and gan.G, a.device)
    if path.exists(): trial.resume(path)
    n, start, left = trial.n, (time.process_time(), time.monotonic()), a.minutes and a.minutes-(time.monotonic()-a.start)/60
    trial.fit(left)
    if trial.n < r.steps:
        trial.save(path)
        return None
    part = max(trial.n-n, 1)/r.steps*len(seeds)
    trial.cost = dict(cpu_s=(time.process_time()-start[0])/part, wall_s=(time.monotonic()-start[1])/part, seeds_together=len(seeds))
    return done.setdefault(key, trial)


def rows(a):
    "Make the rows that are missing"
    path, points = OWN/'mixture.json', OWN/'mixture-points.json'
    there = lambda: read_json(path)['rows'] if path.exists() else []
    x = draw_mixture(100_000, grid_means())[0]
    for name in a.names:
        steps = a.steps or NAMES[name].steps
        seeds = [s for s in a.seeds if not any(dict(name=name, seed=s, steps=steps).items() <= r.items() for r in there())]
        if not seeds: continue
        trial = trained(name, seeds, a, x)
        if trial is None: return print('stopped: the same command goes on')
        seen, env = trial.look(), environment(a.device)
        recipe = {k: v for k,v in asdict(trial.recipe).items() if k != 'cfg'}
        new = [dict(name=name, seed=s, steps=steps, **judged(seen, i), **trial.cost, recipe=recipe, networks=trial.cfg.name, **env) for i,s in enumerate(seeds)]
        write_json(path, dict(data='25 Gaussians', n_train=len(x), n_test=len(seen['x']), rows=there()+new))
        for r in new: print(name, f"seed {r['seed']}:", *(f'{k} {v:.3g}' for k,v in r.items() if k in KEYS), flush=True)
        if name not in RIVALS or 0 not in seeds: continue
        few = {k: v[seeds.index(0)] if v.ndim == 3 else v for k,v in trial.look(400).items()}
        text = {k: ' '.join(f'{o:g}' for o in v.mul(100).round().div(100).flatten().tolist()) for k,v in few.items()}
        write_json(points, {**(read_json(points) if points.exists() else {}), f'{name} {steps}': dict(text, **env)})


KEYS = ('modes_covered', 'modes_assigned', 'share_good', 'reverse_kl', 'recon_mse', 'mode_kept', 'code_frechet', 'code_recall', 'cpu_s')


def speed(device, n=20):
    "Milliseconds of a step with one seed and with ten, taking turns; the fastest of three turns after a first one"
    x, out = draw_mixture(100_000, grid_means())[0], []
    tiny = replace(BEST.cfg, name='mixture-tiny', encoder=BEST.cfg.encoder[:2], decoder=BEST.cfg.decoder[-3:], d_xz=BEST.cfg.d_xz[:2])
    clock = time.process_time if device.type == 'cpu' else time.monotonic
    for name,r in dict(released=RELEASED, steady=STEADY, tiny=replace(STEADY, bs=20, cfg=tiny)).items():
        trials, ms = {k: Trial(r, range(k), x, device=device) for k in (1, 10)}, {1: [], 10: []}
        for _ in range(4):
            for k,trial in trials.items():
                start = clock()
                for _ in range(n): trial.step()
                if device.type == 'cuda': torch.cuda.synchronize()
                ms[k].append(1e3*(clock()-start)/n)
        one, ten = (min(ms[k][1:]) for k in (1, 10))
        out.append(dict(name=name, ms_one=one, ms_ten=ten, ratio=ten/one, bs=r.bs, networks=r.cfg.name, **environment(device)))
        print(f'{name}: one seed {one:.1f} ms, ten {ten:.1f} ms, ratio {ten/one:.2f}', flush=True)
    write_json(OWN/f'mixture-speed-{device.type}.json', dict(rows=out))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('names', nargs='+', choices=['speed', *NAMES])
    p.add_argument('--seeds', type=int, nargs='+', default=list(range(10)))
    p.add_argument('--steps', type=int, help="instead of the recipe's")
    p.add_argument('--minutes', type=float, help='stop after so many minutes, to be continued by the same command')
    p.add_argument('--device')
    a = p.parse_args()
    a.device, a.start = pick_device(a.device), time.monotonic()
    if a.device.type == 'cpu': torch.set_num_threads(1)
    if 'speed' in a.names: speed(a.device)
    a.names = [o for o in a.names if o != 'speed']
    rows(a)


if __name__ == '__main__': main()
