"What the benches share: a results file that grows row by row"
import time

from ali_nb.core import read_json, write_json


def add_rows(path, data, keys, make, minutes=None):
    """Make the rows of `keys` that `path` lacks, one after the other, and yield each when it is written

    `make(key, left)` gives the rest of a row, or None if `left` minutes were not enough; with it all ends.
    """
    start, there = time.monotonic(), lambda: read_json(path)['rows'] if path.exists() else []
    for key in keys:
        if any(key.items() <= r.items() for r in there()): continue
        left = minutes and minutes-(time.monotonic()-start)/60
        done = make(key, left) if left is None or left > 0 else None
        if done is None: return print('stopped: the same command goes on')
        row = dict(key, **done)
        write_json(path, dict(data=data, rows=there()+[row]))
        yield row
