# SPDX-License-Identifier: BSD-3-Clause
"""The files that the guide's pages name, tiny: synthetic photos, models of random or ImageNet weights under the names
of published ones, ground truth in the official form."""
import os
import pathlib
import pickle
import shutil
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Files that a page's blocks must have written, as patterns of paths.
RESULTS = {
    "own-photos": ["training-set.db", "training-set.html", "run/best.pth", "run.html", "model.pth", "landmarks.html",
                   "descriptors.npy", "ranks.csv", "found.csv"],
    "image-pairs": ["pairs.txt", "joined.txt", "sparse/0/images.bin", "models/photos/sparse/0", "localization.txt", "descriptors.h5"],
    "papers": ["retrieval-SfM-120k.db", "tpami/best.pth", "tpami-whitened.pth", "landmarks.db", "mva/best.pth",
               "mva-2048.pth"],
    "many-machines": ["run/best.pth", "run-by-ssh/best.pth", "run-by-slurm/best.pth", "descriptors.npy"],
    "embedding": ["embed/build/embed", "map.npy"],
    "troubleshooting": [],
}


def search_path(*first):
    """PATH, with the folder of the Python that has torch."""
    python = os.environ.get("VANTAGE_PYTHON", "")
    beside = [str(pathlib.Path(python).parent)] if python else []
    return os.pathsep.join([*map(str, first), *beside, os.environ["PATH"]])


def missing(page, weights):
    """What a page's test needs that this machine does not have, or ''."""
    if not weights.exists():
        return f"{weights} (scripts/setup)"
    if page in ("own-photos", "image-pairs") and not shutil.which("colmap"):
        return "COLMAP"
    if page == "many-machines" and not shutil.which("torchrun", path=search_path()):
        return "torchrun (PyTorch's)"
    return ""


class Maker:
    def __init__(self, vantage, weights, folder):
        self.program, self.weights, self.folder = vantage, weights, folder

    def vantage(self, *arguments):
        subprocess.run([self.program, *map(str, arguments), "--log-level", "error"], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)

    def link(self, name, target):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def scenes(self, scenes, photos, size=160):
        self.vantage("synthesize", "-o", "made", "--train-scenes", scenes, "--val-scenes", 0, "--test-scenes", 3,
                     "--scene-photos", photos, "--test-photos", 4, "--distractor-photos", 4, "--size", size,
                     "--views-arc", 60)

    def training_set(self, name="training-set.db"):
        self.vantage("tuples", "made/train/models", "--photos", "made/train/photos", "-o", name, "--query-fraction", 1,
                     "--val-fraction", 0.4)

    def model(self, name, *more):
        self.vantage("convert", self.weights, name, "--architecture", "efficientnet_lite0", *more)


def own_photos(make):
    make.link("build/weights/efficientnet_lite0.pth", make.weights)


def image_pairs(make):
    make.scenes(1, 8, 256)
    (make.folder / "made/train/photos").rename(make.folder / "scenes")
    next((make.folder / "scenes").iterdir()).rename(make.folder / "photos")
    make.link("queries", make.folder / "made/test/photos")
    make.model("model.pth")
    names = sorted(path.name for path in (make.folder / "photos").iterdir())
    (make.folder / "gps.csv").write_text("".join(f"{name},48.1,{11 + i / 1e4}\n" for i, name in enumerate(names)))
    (make.folder / "seeds.txt").write_text(f"{names[0]} {names[-1]}\n")


def official_truth(folder, database, revisited):
    """gnd_NAME.pkl: each scene's first photo asks for the others; boxes as in the official files."""
    names = [path.stem for path in database]
    scene_of = [path.stem.rsplit("_", 1)[0] for path in database]
    truth = []
    queries = [i for i, scene in enumerate(scene_of) if i == 0 or scene != scene_of[i - 1]]
    for query in queries:
        same = [i for i, scene in enumerate(scene_of) if scene == scene_of[query] and i != query]
        box = [2.0, 2.0, 150.0, 100.0]
        truth.append({"bbx": box, "easy": same[:1], "hard": same[1:], "junk": []} if revisited
                     else {"bbx": box, "ok": same, "junk": [query]})
    kept = [i for i in range(len(names)) if not (revisited and i in queries)]
    row = {i: k for k, i in enumerate(kept)}
    if revisited:  # queries are not in the database
        for entry in truth:
            entry.update({key: [row[i] for i in entry[key]] for key in ("easy", "hard")})
    file = folder / f"gnd_{folder.name}.pkl"
    content = {"imlist": [names[i] for i in kept], "qimlist": [names[i] for i in queries], "gnd": truth}
    file.write_bytes(pickle.dumps(content, protocol=2))


def papers(make):
    make.scenes(6, 6)
    make.training_set("set.db")
    train, test = make.folder / "data/train/retrieval-SfM-120k", make.folder / "data/test"
    train.mkdir(parents=True)
    make.vantage("convert", "set.db", train / "retrieval-SfM-120k.pkl")
    shutil.copy(train / "retrieval-SfM-120k.pkl", train / "retrieval-SfM-120k-whiten.pkl")
    for name in ("oxford5k", "paris6k"):
        (test / name / "jpg").mkdir(parents=True)
        photos = sorted((make.folder / "made/test/photos").rglob("*.jpg"))
        named = [test / name / "jpg" / f"{path.parent.name}_{path.stem}.jpg" for path in photos]
        for path, other in zip(photos, named):
            shutil.copy(path, other)
        official_truth(test / name, named, False)
        revisited = test / f"r{name}"
        revisited.mkdir()
        (revisited / "jpg").symlink_to(test / name / "jpg")
        official_truth(revisited, named, True)
    make.link("configs", ROOT / "configs")
    make.link("google-landmarks", make.folder / "made/train/photos")
    make.model("plain.pth")
    make.vantage("whiten", "plain.pth", "--tuples", "set.db", "--size", 96, "--scales", "1,0.7071,0.5", "--name",
                 "retrieval-SfM-120k", "-o", "whitened.pth")
    networks = make.folder / "data/networks"
    networks.mkdir()
    for name in ("retrievalSfM120k-resnet101-gem-b80fb85.pth", "retrievalSfM120k-vgg16-gem-b4dcdc6.pth"):
        shutil.copy(make.folder / "whitened.pth", networks / name)
    for name in ("rSfM120k-tl-resnet101-gem-w-a155e54.pth", "gl18-tl-resnet101-gem-w-a4d43db.pth"):
        shutil.copy(make.folder / "plain.pth", networks / name)
    for name in ("imagenet-caffe-resnet101-features-10a101d.pth", "resnet101-imagenet.pth"):
        shutil.copy(make.weights, networks / name)


def many_machines(make):
    make.scenes(5, 4)
    make.training_set()
    make.model("model.pth")
    shutil.copytree(make.folder / "made/train/photos", make.folder / "photos")
    (make.folder / "recipe.toml").write_text('[model]\narchitecture = "efficientnet_lite0"\nweights = "model.pth"\n'
                                             '[data]\ntraining_set = "training-set.db"\n[mining.negatives]\nnegatives = 2\n')
    make.link("project", make.folder)


def embedding(make):
    make.link("build/release", make.program.parent.parent)
    make.scenes(2, 3)
    (make.folder / "made/train/photos").rename(make.folder / "photos")
    make.model("model.pth")
    (make.folder / "embed").mkdir()


PAGES = {"own-photos": own_photos, "image-pairs": image_pairs, "papers": papers, "many-machines": many_machines,
         "embedding": embedding, "troubleshooting": lambda make: None}

def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def on_this_machine(command):
    """A block with this machine's addresses instead of those in the guide."""
    return command.replace("10.0.0.1", "127.0.0.1").replace("29500", str(free_port()))


# Stand-ins for ssh and SLURM, whose machines are all this one.
PROGRAMS = {
    "ssh": 'shift; exec bash -c "$*"',
    "scontrol": "echo 127.0.0.1",
    "srun": 'for rank in $(seq 0 $((SLURM_NTASKS - 1))); do SLURM_PROCID=$rank SLURM_LOCALID=0 "$@" & done; wait',
}


def prepare(page, vantage, weights, folder):
    """Makes a page's files. Returns the environment for its blocks."""
    PAGES[page](Maker(vantage, weights, folder))
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    small = (ROOT / "tests/guide/small_vantage.py").read_text().replace("@VANTAGE@", str(vantage))
    programs = {"vantage": small, **{name: f"#!/usr/bin/env bash\n{text}\n" for name, text in PROGRAMS.items()}}
    for name, text in programs.items():
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod(0o755)
    return {**os.environ, "PATH": search_path(bin_folder), "QT_QPA_PLATFORM": "offscreen",
            "SLURM_JOB_NODELIST": "nodes", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "1"}
