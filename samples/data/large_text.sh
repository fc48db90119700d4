#!/bin/bash
# A text corpus ten times the embedded one, 33 MB, from two packages of Debian 12: the kernel's documentation (GPL-2.0) and Perl's (GPL-1+
# or Artistic). Nothing of it is shipped. A page is a document: its empty lines go, and one stands behind it.
#
#   samples/data/large_text.sh FOLDER      # needs apt-get and dpkg; writes FOLDER/linux.txt and FOLDER/perl.txt
#
# linux-doc-6.1 6.1.192-2 and perl-doc 5.36.0-7+deb12u4 give
#   b801609bf69972cb168626680fd3a0fa4a0203d7c18c343e8e6329dd49653570  linux.txt
#   71d94e96cc1d8dde88fe5e0388f604b38737702e9c544fa0174c794565978001  perl.txt
set -euo pipefail
export LC_ALL=C
folder=${1:?a folder to write into}
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download -q linux-doc-6.1 perl-doc)
for package in "$work"/*.deb; do dpkg -x "$package" "$work"; done
page() { grep -av '^[[:space:]]*$' || true; echo; }
cd "$work/usr/share"
find doc/linux-doc-6.1 -name '*.rst.gz' | sort | while read -r file; do zcat "$file" | page; done > "$work/linux.txt"
find perl -name '*.pod' | sort | while read -r file; do page < "$file"; done > "$work/perl.txt"
cd - > /dev/null
mv "$work/linux.txt" "$work/perl.txt" "$folder"
sha256sum "$folder/linux.txt" "$folder/perl.txt"
