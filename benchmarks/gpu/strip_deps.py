"""Takes out of every *.deps.json in a folder the files that are not there: the host of a .NET program refuses to start where a listed one is missing.

    python3 benchmarks/gpu/strip_deps.py folder
"""
import glob
import json
import os
import sys

KINDS = ("runtime", "native", "resources", "runtimeTargets")


def main():
    folder = sys.argv[1]
    for path in glob.glob(os.path.join(folder, "*.deps.json")):
        with open(path, encoding="utf-8") as file:
            deps = json.load(file)
        for libraries in deps["targets"].values():
            for library in libraries.values():
                for kind in KINDS:
                    for name in list(library.get(kind, {})):
                        # A publish for one runtime lays every file flat; resources stand in a folder of their language.
                        flat = os.path.join(*name.split("/")[-2:]) if kind == "resources" else os.path.basename(name)
                        if not os.path.exists(os.path.join(folder, flat)):
                            del library[kind][name]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(deps, file, indent=1)


if __name__ == "__main__":
    main()
