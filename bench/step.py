"""One training step, switch by switch, beside a textbook step in the same run; writes results/bench-step-DEVICE.json

Each row adds one switch to the row above it. The first is a step as public ports write it: D called once per half, both
losses sent back through everything, every layer a convolution, plain Adam. Rounds are interleaved, so that whatever else
the machine does falls on all rows alike; a row's speed-up is the median over rounds of its ratio to the first row. The row
`loop` is the Learner's own loop, with data, averaging and log; on CUDA `graph` is the step it replays. These two are timed
after the rounds, and set against the first row's median.
"""
import argparse, gc, json, statistics, subprocess, sys, time
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import torch
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import ali_nb.models as models
import ali_nb.training as training
from ali_nb.core import environment, pick_device, read_json, seed_everything, write_json
from ali_nb.data import ImageArray, ResidentDL
from ali_nb.objective import ali_backward, ali_losses, mixes_samples, players

ROWS = ['textbook', 'pruned', 'products', 'fused', 'masks', 'last', 'once', 'bf16', 'compile']   # chapter 12 says what each is
PRESETS = ['digits', 'mnist', 'svhn', 'cifar10', 'tiny-imagenet', 'celeba']


def convolutions(n_in, sz, k, s, n_out, up=False, bias=False):
    "Stands in for `models.layer`: every layer a convolution, as the ports have it"
    conv = (nn.ConvTranspose2d if up else nn.Conv2d)(n_in, n_out, k, s, bias=bias)
    after = s*(sz-1)+k if up else (sz-k)//s+1
    return [nn.Unflatten(1, (n_in,1,1))]*(sz == 1) + [conv] + [nn.Flatten()]*(after == 1)


def rows_of(preset, device):
    "The rows that apply to a preset's networks on a device; `compile` is for who has minutes to wait"
    with torch.device('meta'): mixes = mixes_samples(models.ALI(models.ALIConfig.preset(preset)).discriminator)
    return [o for o in ROWS if not (o == 'once' and mixes) and not (o == 'masks' and device.type != 'cpu')]


def make_step(preset, row, bs, device):
    "A function that takes one step on fixed random images"
    on = rows_of(preset, device)
    on = on[1:on.index(row)+1]
    seed_everything(0)
    cfg = models.ALIConfig.preset(preset)
    plain = {} if 'products' in on else dict(layer=convolutions)
    if 'masks' not in on: plain['Dropout'] = nn.Dropout
    with patch.multiple(models, **plain) if plain else nullcontext(): ali = models.ALI(cfg).to(device)
    x = torch.rand(bs, cfg.n_ch, cfg.sz, cfg.sz, device=device)
    if 'last' in on: ali, x = ali.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    adam = lambda ps: torch.optim.Adam(ps, lr=1e-4, betas=(.5,.999), fused=True if 'fused' in on else None)
    d,g = players(ali)
    opts = [adam(d+g)] if 'fused' in on else [adam(d), adam(g)]

    def textbook():
        z_hat, z = ali.encoder(x), torch.randn(bs, cfg.n_z, device=device)
        loss_d,loss_g = ali_losses(ali.discriminator(x, z_hat), ali.discriminator(ali.decoder(z), z))
        loss_d.backward(retain_graph=True)
        kept = [p.grad for p in d]
        for p in d+g: p.grad = None
        loss_g.backward()
        for p,o in zip(d, kept): p.grad = o
    def ours(): ali_backward(ali, *ali(x), once='once' in on)
    def both(x):
        real,fake,*_ = ali(x)
        loss_d,loss_g = ali_losses(real, fake)
        return torch.autograd.grad(loss_d, d, retain_graph=True)+torch.autograd.grad(loss_g, g)
    def compiled():
        for p,o in zip(d+g, both(x)): p.grad = o
    ali.bf16 = 'bf16' in on
    if 'compile' in on:
        torch._dynamo.config.trace_autograd_ops = True
        both = torch.compile(both, fullgraph=True)
    grads = compiled if 'compile' in on else ours if on else textbook
    def step():
        grads()
        for o in opts: o.step(); o.zero_grad()
    return step


def ms(f, device):
    "Milliseconds of one call"
    if device.type == 'cuda': torch.cuda.synchronize()
    start = time.perf_counter(); f()
    if device.type == 'cuda': torch.cuda.synchronize()
    return (time.perf_counter()-start)*1e3


def ceilings(device):
    "What a large matrix product (TFLOP/s, in both types; on CUDA in TF32, as convolutions) and a large copy (GB/s) reach here"
    tf32, torch.backends.cuda.matmul.allow_tf32 = torch.backends.cuda.matmul.allow_tf32, True
    n = 8192 if device.type == 'cuda' else 2048
    best = lambda f: min(ms(f, device) for _ in range(20))
    out = {}
    for k,t in (('fp32',torch.float32), ('bf16',torch.bfloat16)):
        a = torch.randn(n, n, device=device, dtype=t)
        out[k] = 2*n**3/best(lambda: a@a)/1e9
    a, b = torch.zeros(2, 2**26, device=device)
    torch.backends.cuda.matmul.allow_tf32 = tf32
    return dict(out, copy=2*a.nbytes/best(lambda: b.copy_(a))/1e6)


def peak(preset, row, bs, device):
    "Peak memory of three steps, in MB: on a CPU the growth of a fresh process"
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(); step = make_step(preset, row, bs, device)
        for _ in range(3): step()
        return torch.cuda.max_memory_allocated()/1e6
    r = subprocess.run([sys.executable, __file__, preset, '--bs', str(bs), '--device', 'cpu', '--peak-of', row], capture_output=True, text=True, check=True)
    return float(r.stdout)


class Clock(Callback):
    "Time a fit from step `first` on, and the part of it that is spent in the step itself"
    order = 2000
    def __init__(self, first): self.first, self.start, self.inner = first, None, 0.
    def now(self):
        if self.dls.device.type == 'cuda': torch.cuda.synchronize()
        return time.perf_counter()
    def after_batch(self):
        if self.start is None and self.train_iter >= self.first: self.start, self.at, self.inner = self.now(), self.train_iter, 0.
    def after_fit(self): self.ms = (self.now()-self.start)/(self.train_iter-self.at)*1e3; self.inner *= 1e3/(self.train_iter-self.at)

    def timed(self, f):
        "The same function, its time added to `inner`"
        def wrapped(*args, **kwargs):
            start = time.perf_counter()
            try: return f(*args, **kwargs)
            finally: self.inner += time.perf_counter()-start
        return wrapped


def loop(preset, bs, device, steps):
    "Milliseconds per step in the Learner's loop, of the step in it, and whether in bf16"
    cfg = models.ALIConfig.preset(preset)
    data = ImageArray(torch.randint(256, (10*bs, cfg.sz, cfg.sz, cfg.n_ch), dtype=torch.uint8))
    dls = DataLoaders(*(ResidentDL(data, bs, shuffle=True, drop_last=True, device=device) for _ in range(2)), device=device)
    learn, clock = training.ali_learner(dls, cfg), Clock(steps//5)
    learn.model.code_cycle = 0.   # the paper's game, as in the rows before
    log = training.TrainLog(every=100)
    if device.type == 'cuda':
        training.fit_steps(learn, steps, cbs=[log, clock])
        take, i = learn.many_steps.take, torch.arange(bs, device=device)
        return clock.ms, statistics.median(ms(lambda: [take(i) for _ in range(100)], device)/100 for _ in range(5)), learn.model.bf16
    with patch.object(learn.model, 'forward', clock.timed(learn.model.forward)), patch.object(training, 'ali_backward', clock.timed(ali_backward)), \
         patch.object(torch.optim.Adam, 'step', clock.timed(torch.optim.Adam.step)), patch.object(ImageArray, '__getitem__', clock.timed(ImageArray.__getitem__)):
        training.fit_steps(learn, steps, cbs=[log, clock])
    return clock.ms, clock.inner, learn.model.bf16


def bench(preset, bs, rounds, device, compile):
    "All rows of one preset"
    rows = [o for o in rows_of(preset, device) if compile or o != 'compile']
    steps = {o: make_step(preset, o, bs, device) for o in rows}
    flop = {}
    for o,f in steps.items():
        with FlopCounterMode(display=False) as c: (steps['bf16'] if o == 'compile' else f)()
        flop[o] = c.get_total_flops()
        f()
    times = {o: [] for o in rows}
    for _ in range(rounds):
        for o,f in steps.items(): times[o].append(ms(f, device))
    steps.clear(); del f; gc.collect()
    out = [dict(row=o, ms=statistics.median(t), ms_min=min(t), gflop=flop[o]/1e9, images_s=bs/statistics.median(t)*1e3,
                 speedup=statistics.median(a/b for a,b in zip(times['textbook'], t)), peak_mb=peak(preset, o, bs, device)) for o,t in times.items()]
    first, n = out[0]['ms'], 2000 if device.type == 'cuda' else max(10, min(500, round(20e3/out[-1]['ms'])))
    whole,inner,bf16 = loop(preset, bs, device, n)
    for name,t in (('graph',inner), ('loop',whole)) if device.type == 'cuda' else (('loop',whole),):
        out.append(dict(row=name, ms=t, gflop=out[-1]['gflop'], images_s=bs/t*1e3, speedup=first/t, steps=n, bf16=bf16, overhead=1-inner/whole))
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('presets', nargs='*', default=PRESETS)
    p.add_argument('--bs', type=int, default=100)
    p.add_argument('--rounds', type=int, default=11)
    p.add_argument('--device')
    p.add_argument('--threads', type=int, help="of the CPU; torch's default if not given")
    p.add_argument('--compile', action='store_true', help='also compile the whole step, which takes minutes')
    p.add_argument('--peak-of', help=argparse.SUPPRESS)
    a = p.parse_args()
    device = pick_device(a.device)
    if a.threads: torch.set_num_threads(a.threads)
    if a.peak_of:
        high = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])/1e3
        before, step = high(), make_step(a.presets[0], a.peak_of, a.bs, device)
        for _ in range(3): step()
        return print(high()-before)
    path = Path(__file__).parent.parent/f'results/bench-step-{device.type}.json'
    kept = read_json(path)['presets'] if path.exists() else {}
    top = ceilings(device)
    print(json.dumps(top))
    for preset in a.presets:
        rows = bench(preset, a.bs, a.rounds, device, a.compile)
        for o in rows:
            o['share'] = o['gflop']/o['ms']/top['bf16' if o.get('bf16', o['row'] in ('bf16','compile')) else 'fp32']
            more = f"{o['peak_mb']:6.0f} MB" if 'peak_mb' in o else f"{o['overhead']:6.1%} outside the step"
            print(f"{preset:14} {o['row']:9} {o['ms']:9.2f} ms  {o['speedup']:5.2f}x  {o['gflop']:7.1f} GFLOP  {o['share']:5.1%} of the ceiling  {more}", flush=True)
        kept[preset] = dict(environment(device), rounds=a.rounds, bs=a.bs, ceilings=top, rows=rows)
        write_json(path, dict(presets=kept))


if __name__ == '__main__': main()
