"Every public name of the library has a docstring, types and comments, but for the events of fastai's callbacks: print each gap, and exit 1 if there is one."
import sys
from pathlib import Path
from smalldocs.api import gaps,package_modules

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
public = {f'{mod.__name__}:{name}': g for mod in package_modules('ali_nb') for name,g in gaps(mod).items()
          if not any(part.startswith(('_','before_','after_')) for part in name.split('.'))}
bad = [message for g in public.values() for message in g if '(kwargs)' not in message]
print('\n'.join(bad) or f'{len(public)} public names are typed and commented')
sys.exit(bool(bad))
