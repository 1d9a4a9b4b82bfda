"""What the scripts of this folder that are written in Python share."""
import os
import shutil
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
LUNGO = os.path.join(BUILD, "bin", "lungo")
failures = []


def expect(what, condition, got=""):
    if not condition:
        failures.append(what)
        print(f"FAIL expected {what}", f"got {got!r}" if got else "")


def in_folder(files, check, good):
    """The status after `check` in a folder with these files (name: text); `good` is said if all is well."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in files.items():
            with open(name, "w") as file:
                file.write(text)
        check()
        os.chdir("/")
    if not failures:
        print(good)
    return 1 if failures else 0


def name_of(log):
    return os.path.basename(log)[: -len(".log")]


def training_of(log, folder):
    """The command of the training that a log of Caffe's tells of, to be run in `folder`, which gets its inputs."""
    command = [LUNGO, "train", "--solver=solver.prototxt"]
    for part in ("solver.prototxt", "net.prototxt", "init.caffemodel"):
        source = os.path.join(os.path.dirname(log), "inputs", f"{name_of(log)}.{part}")
        if os.path.exists(source):
            shutil.copy(source, os.path.join(folder, part))
            command += ["--weights=init.caffemodel"] if part == "init.caffemodel" else []
    return command


def over_logs(complaints):
    """The status after `complaints`, a function of a log, over all that were named."""
    logs, failed = sys.argv[2:], 0
    for log in logs:
        for complaint in complaints(log):
            failed += 1
            print(f"FAIL {os.path.basename(log)}: {complaint}")
    print(f"{len(logs)} logs, {failed} complaints")
    return 1 if failed or not logs else 0
