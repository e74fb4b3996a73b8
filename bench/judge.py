"""Train the classifier in whose features images of a set are compared: judge.py digits|mnist|cifar10|avatars|celeba

That of CelebA sees images of 32 pixels and stays in runs/: its data are for research only. Many of its attributes are rare, so
it is balanced: the log odds of each attribute in the training part are taken off its output (Menon et al. 2021), and it says
of an image what is likelier if half of all images had the attribute.
"""
import sys, time
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn.metrics import balanced_accuracy_score
from torch.optim.lr_scheduler import OneCycleLR

from ali_nb.core import seed_everything, write_results
from ali_nb.data import load_data
from ali_nb.metrics import Judge
from ali_nb.training import fast_bf16

CHOICES = { # set beforehand, not tuned
    'digits': dict(width=8, epochs=60, shift=1, mirror=False),
    'mnist': dict(width=16, epochs=6, shift=2, mirror=False),
    'cifar10': dict(width=24, epochs=16, shift=3, mirror=True),
    'avatars': dict(width=16, epochs=20, shift=1, mirror=True),
    'celeba': dict(width=40, epochs=24, shift=2, mirror=True, balanced=True),   # a first one, as that of CIFAR-10, hardly fitted its own training part
}


def moved(x, shift, mirror):
    "Shift each image by up to `shift` pixels, and mirror every other one if asked to"
    n, sz, rows = len(x), x.shape[-1], torch.arange(x.shape[-1])
    i, j = (torch.randint(2*shift+1, (n,1))+rows for _ in range(2))
    if mirror: j = torch.where(torch.rand(n, 1) < .5, j, j.flip(1))
    return F.pad(x, [shift]*4)[torch.arange(n)[:,None,None], :, i[:,:,None], j[:,None,:]].permute(0, 3, 1, 2)


def main(data, seed=0):
    "Train, write the weights and what they are worth"
    seed_everything(seed)
    torch.set_num_threads(1)
    c, root, start = CHOICES[data], Path(__file__).parent.parent, time.process_time()
    dls = load_data(data, size=32 if data == 'celeba' else None, bs=128, seed=seed, device='cpu')
    train, valid, test = (dls[i].dataset for i in range(3))
    seen = train.names if train.y.ndim > 1 else None
    judge = Judge(f'judge-{data}', *train[:1][0].shape[1:3], train.n_y, c['width'], seen).to(memory_format=torch.channels_last)
    opt = torch.optim.AdamW(judge.parameters(), weight_decay=.01)
    schedule = OneCycleLR(opt, max_lr=.01, total_steps=c['epochs']*len(dls.train))
    right = lambda judge, part: judge.attributes(part.x) == part.y if seen else judge.classify(part.x) == part.y
    accuracy = lambda judge, part: right(judge, part).float().mean().item()
    fast = fast_bf16(torch.device('cpu'))
    for epoch in range(c['epochs']):
        for x,y in dls.train:
            with torch.autocast('cpu', torch.bfloat16, enabled=fast): logits = judge.head(judge(moved(x, c['shift'], c['mirror'])))
            (F.binary_cross_entropy_with_logits(logits.float(), y.float()) if seen else F.cross_entropy(logits.float(), y)).backward()
            opt.step(); opt.zero_grad(); schedule.step()
        print(f'epoch {epoch+1}: {accuracy(judge, valid):.4f} of the validation part, {time.process_time()-start:.0f} s', flush=True)
    seconds, weights = time.process_time()-start, root/('runs' if data == 'celeba' else 'ali_nb/pretrained')/f'judge-{data}.safetensors'
    if c.get('balanced'): judge.head.bias.data -= train.y.float().mean(0).logit()
    judge.save_pretrained(weights)
    judge = Judge.from_pretrained(weights)   # as it is shipped, in 16 bits
    r = dict(data=data, seed=seed, **c, n_train=len(train), n_valid=len(valid), n_test=len(test), accuracy_valid=accuracy(judge, valid),
             accuracy_test=accuracy(judge, test), **(dict(balanced_each=dict(zip(seen, map(balanced_accuracy_score, test.y.T, judge.attributes(test.x).T)))) if c.get('balanced') else {}), n_features=4*c['width'], **(dict(accuracy_each=dict(zip(seen, right(judge, test).float().mean(0).tolist()))) if seen else {}), cpu_seconds=round(seconds), bytes=weights.stat().st_size)
    print(write_results(root/f'results/judge-{data}.json', r))


if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1] not in CHOICES: sys.exit(__doc__)
    main(sys.argv[1])
