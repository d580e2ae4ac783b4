# Shared by the commands in this folder: finds the project, installs the Debian packages that are
# missing, configures and builds. To be sourced by bash; changes nothing by itself.

set -euo pipefail
# Tools' answers are compared as text, so they must not be translated.
export LC_ALL=C.UTF-8
# Not wherever the user's git or cmake settings point.
unset CMAKE_GENERATOR CDPATH

project_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
build_dir=${QUORUMLAB_BUILD_DIR:-$project_dir/build}

say() { printf '%s\n' "-- $*"; }
die() {
  printf '%s\n' "error: $*" >&2
  exit 1
}

# The packages of the named groups, as script/packages.txt lists them.
packages_of() {
  local group
  for group in "$@"; do
    awk -v group="$group" '!/^#/ && $2 == group { print $1 }' "$project_dir/script/packages.txt"
  done
}

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# as_root COMMAND...: runs it as root, through sudo if need be; without a terminal sudo must not ask.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# install_packages GROUP...: installs those that are missing; does nothing at all when none is.
install_packages() {
  if [[ -n ${QUORUMLAB_SKIP_PACKAGES:-} ]]; then
    say "packages: not looked at, as QUORUMLAB_SKIP_PACKAGES asks"
    return
  fi
  local all missing=() package
  mapfile -t all < <(packages_of "$@")
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die "this is not Debian: there is no apt-get here. Install what script/packages.txt names
       (groups: $*) by your system's own means, then run again with QUORUMLAB_SKIP_PACKAGES=1."
  fi
  for package in "${all[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    say "packages: all ${#all[@]} are installed"
    return
  fi
  local system=unknown
  [[ -r /etc/os-release ]] && system=$(. /etc/os-release && printf '%s' "${ID:-unknown} ${VERSION_ID:-}")
  [[ $system == "debian 12" ]] ||
    say "packages: this is $system, not debian 12; names may differ, trying all the same"
  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    die "packages are missing, and neither are you root nor is there sudo. As root, run:
       apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "packages: installing ${#missing[@]} with apt-get: ${missing[*]}"
  local log
  log=$(mktemp)
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300
    -o Acquire::Retries=3)
  # An update that fails is not fatal by itself: the lists from before may do.
  as_root "${apt[@]}" update >"$log" 2>&1 </dev/null ||
    say "packages: apt-get update failed, going on with the lists that are here"
  if ! as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    die "apt-get could not install them (its last words are above)"
  fi
  rm -f "$log"
}

# Warnings are errors with the compiler that CI has; a newer one may know new warnings.
werror() {
  case $(g++ -dumpversion 2>/dev/null) in
    12 | 12.*) echo ON ;;
    *) echo OFF ;;
  esac
}

# configure OPTION...: a Release build in build/, whose log is shown only when it fails.
configure() {
  local log
  mkdir -p "$build_dir"
  log=$build_dir/configure.log
  if ! cmake -S "$project_dir" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$(command -v g++)" -DQUORUMLAB_WERROR="$(werror)" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    die "cmake could not configure the build (its output is above)"
  fi
}

# build [TARGET...]: shows ninja's progress on a terminal, only what went wrong elsewhere.
build() {
  local arguments=()
  (($# > 0)) && arguments=(--target "$@")
  if [[ -t 1 ]]; then
    cmake --build "$build_dir" "${arguments[@]}"
    return
  fi
  local log=$build_dir/build.log
  if ! cmake --build "$build_dir" "${arguments[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    die "the build failed (its output is above)"
  fi
  tail -n 1 "$log"
}

# timed WHAT COMMAND...: says what begins, and how long it took.
timed() {
  local what=$1 start=$SECONDS
  shift
  say "$what"
  "$@"
  say "$what: done in $((SECONDS - start)) s"
}

# usage_of FILE SYNOPSIS: prints the comment at the head of a command, which is its help, and exits.
usage_of() {
  printf 'usage: %s\n' "$2"
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"
  exit 0
}

die_usage() {
  printf '%s\n' "error: $*; see --help" >&2
  exit 64
}

# What every user needs: the packages of group build, and build/quorumlab. The tests' targets are
# left as they are: here or not.
set_up_tool() {
  install_packages build
  local tests=()
  [[ -f $build_dir/CMakeCache.txt ]] || tests=(-DQUORUMLAB_TESTS=OFF)
  timed "configuring $build_dir" configure "${tests[@]}"
  timed "building quorumlab" build quorumlab
}
