# Shared by ./demo and ./test: what must be there before anything is built.

# What the Swift toolchain and our C dependencies need to build dr.
build_packages="git g++ pkg-config libyaml-dev zlib1g-dev"

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

need_swift() {
  command -v swift >/dev/null || die "There is no swift on the PATH. Install the Swift 6.3 toolchain: https://www.swift.org/install/linux/"
  swift --version >/dev/null 2>&1 && return
  # An unpacked toolchain brings none of the libraries that it is linked with.
  need_packages libncurses6 libxml2 libcurl4 libedit2 libsqlite3-0 libpython3.11 tzdata
  swift --version >/dev/null || die "The Swift toolchain does not start; the line above says which library it misses."
}

# Installs the Debian packages among the arguments that are missing.
need_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'install ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "These are missing: ${missing[*]}. Install them with this system's package manager."
  local sudo=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "These packages are missing: ${missing[*]}. As root, run: apt-get install ${missing[*]}"
    sudo=sudo
  fi
  say "installing ${missing[*]}"
  $sudo apt-get update -q
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

build_dr() {
  swift build -c release --product dr --static-swift-stdlib ||
    die "The build failed; the first error above says why."
}
