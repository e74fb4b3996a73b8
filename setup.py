import re
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages,setup

ini = ConfigParser(delimiters=['='])
ini.read('settings.ini', encoding='utf-8')
cfg = ini['DEFAULT']
at = f"{cfg['user']}/{cfg['repo']}", f"v{cfg['version']}"   # a package index shows the README without the files around it
whole = lambda m: m[1]+('https://raw.githubusercontent.com/{}/{}/' if m[1][0] == '!' else 'https://github.com/{}/blob/{}/').format(*at)
readme = re.sub(r'(!?\[[^]]*\]\()(?!https?:|#)', whole, Path('README.md').read_text(encoding='utf-8'))
extras = 'metrics', 'data', 'demo', 'export'

setup(
    name=cfg['lib_name'], version=cfg['version'], description=cfg['description'], keywords=cfg['keywords'],
    author=cfg['author'], author_email=cfg['author_email'], url=cfg['git_url'],
    project_urls={'Documentation': cfg['doc_host']+cfg['doc_baseurl']},
    license='Apache-2.0', license_files=['LICENSE'],
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Science/Research', 'Natural Language :: English',
                 'Topic :: Scientific/Engineering :: Artificial Intelligence',
                 *(f'Programming Language :: Python :: 3.{i}' for i in range(10, 14))],
    long_description=readme, long_description_content_type='text/markdown',
    packages=find_packages(include=['ali_nb', 'ali_nb.*']), include_package_data=False,
    package_data={'ali_nb': ['py.typed', 'pretrained/*.safetensors']},
    python_requires='>='+cfg['min_python'], install_requires=cfg['requirements'].split(),
    extras_require={o: ' '.join(cfg[k+'_requirements'] for k in [o, *(extras if o == 'dev' else ())]).split() for o in (*extras, 'dev')},
    entry_points={'console_scripts': cfg['console_scripts'].split(), 'nbdev': [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"]},
    zip_safe=False)
