"Milliseconds for a batch of 100 CIFAR-10-sized images on one core: resident bytes beside the usual way, in one run"
import statistics, time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ali_nb.core import write_results
from ali_nb.data import ImageArray, ResidentDL

torch.set_num_threads(1)
torch.manual_seed(0)
data = ImageArray(torch.randint(256, (50_000,32,32,3), dtype=torch.uint8), torch.zeros(50_000).long())
batches = iter(ResidentDL(data, bs=100, shuffle=True))
order = torch.randperm(50_000).tolist()


def item(i): return torch.from_numpy(np.array(Image.fromarray(data.images[i].numpy()))).permute(2,0,1).float()/255


def ms(f):
    t = time.perf_counter(); f()
    return (time.perf_counter()-t)*1e3


next(batches)
times = [(ms(lambda: next(batches)), ms(lambda: torch.stack([item(j) for j in order[100*i:100*i+100]]))) for i in range(60)]
resident,usual = (statistics.median(o) for o in zip(*times))
r = write_results(Path(__file__).parent.parent/'results/bench-data.json', dict(
    bs=100, rounds=60, resident_ms=round(resident, 3), item_ms=round(usual, 3), ratio=round(usual/resident, 1)))
print(f"resident {r['resident_ms']} ms, item by item {r['item_ms']} ms: {r['ratio']} times")
