"For the notebooks in nbs/guides: the command line in this process, told as a shell would tell it"
import glob,io,re,shlex,warnings
from contextlib import redirect_stderr,redirect_stdout
from IPython.display import Markdown
from ali_nb.cli import main
from ali_nb.core import InputError

def tell(line, code=0):
    "Run a line that calls `ali_nb`; the lines that it tells, without the progress of a training. Any other exit code than `code` fails"
    words = [f for w in shlex.split(line, comments=True)[1:] for f in (sorted(glob.glob(w)) if '*' in w else [w])]
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out), warnings.catch_warnings():
        warnings.simplefilter('default', UserWarning)
        rc = main(words)
    told = [o for o in out.getvalue().splitlines() if o and not re.match(r'step \d+ minutes', o)]
    assert rc==code, f'{line}: exit code {rc}, not {code}\n'+'\n'.join(told)
    return told

def run(line):
    "Run a line that calls `ali_nb` and show what it tells"
    print('\n'.join(tell(line)))

def trouble(*rows):
    "A table of mistakes: each row is a line or a function that must fail, its cause, and what to do; the message is what it tells"
    def message(o):
        if isinstance(o, str): return ' '.join(tell(o, 2)).removeprefix('ali_nb: ')
        try: o()
        except InputError as e: return str(e)
        raise AssertionError('this should have failed')
    return Markdown('\n'.join(['| message | cause | what to do |', '|---|---|---|', *(f'| `{message(o)}` | {cause} | {cure} |' for o,cause,cure in rows)]))
