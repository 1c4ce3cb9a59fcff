#!/bin/sh
# Chimaera: one file with the Deno runtime and the program behind this script.
# The first start unpacks both into a cache; every later one is a few tests and an exec.
# Needs: sh, tail, head, gzip, tar, sha256sum, mktemp, and the usual mkdir, mv, rm, chmod, find, id.
# All code is in functions and called by the last line, so that a file cut short does nothing.

runtime=rt-@RUNTIME_ID@ runtime_offset=@RUNTIME_OFFSET@ runtime_length=@RUNTIME_LENGTH@
runtime_size=@RUNTIME_SIZE@ runtime_sha=@RUNTIME_SHA@
app=app-@APP_ID@ app_offset=@APP_OFFSET@ app_length=@APP_LENGTH@ app_sha=@APP_SHA@
self='' temporary='' why=''

# Ends with an error as the program writes them: $1 code, $2 what failed: why, $3 hint.
die() {
  printf 'error[CHI-%s]: %s\nhint: %s\n' "$@" >&2
  exit 1
}
no_cache() { die @NO_CACHE_CODE@ "$1" '@NO_CACHE_HINT@'; }
damaged() { die @DAMAGED_CODE@ "start chimaera: $1" '@DAMAGED_HINT@'; }

# Where this file is. Without a slash in its name it was given to a shell: `sh chimaera`.
find_self() {
  case $1 in
    /*) self=$1 ;;
    */*) self=$PWD/${1#./} ;;
    *) if [ -f "./$1" ]; then self=$PWD/$1; else self=$(command -v -- "$1"); fi ;;
  esac
  [ -r "$self" ] || damaged "its own file $1 cannot be read"
}

# Whether the cache $1 holds a part, and it is ours: a root shell that kept another user's HOME
# must not run what that user put there.
has_runtime() { [ -s "$1/$runtime/chimaera" ] && [ -O "$1/$runtime/chimaera" ]; }
has_app() {
  [ -s "$1/$app/@FILE_LIST@" ] && [ -O "$1/$app/@FILE_LIST@" ] || return 1
  # Cleaners take single files. Builtins only: a hundred files are looked at in a millisecond.
  while read -r file; do
    [ -e "$1/$app/$file" ] || return 1
  done <"$1/$app/@FILE_LIST@"
}

# Becomes the program in the cache $1, if it is there; the other arguments are the program's.
try_start() {
  [ -n "$1" ] && has_runtime "$1" && has_app "$1" || return 0
  cache=$1
  shift
  # When they were last used, for `fill`; a cache that is read-only is as good.
  { : >"$cache/$runtime/used" && : >"$cache/$app/used"; } 2>/dev/null
  CHIMAERA_SELF=$self DENO_DIR=$cache/deno
  DENO_NO_UPDATE_CHECK=1 DENO_NO_PROMPT=1 DENO_NO_PACKAGE_JSON=1
  export CHIMAERA_SELF DENO_DIR DENO_NO_UPDATE_CHECK DENO_NO_PROMPT DENO_NO_PACKAGE_JSON
  exec "$cache/$runtime/chimaera" run -A -q --cached-only --no-lock --no-config \
    --node-modules-dir=none --import-map "$cache/$app/deno.json" "$cache/$app/main.js" "$@"
}

# The SHA-256 of standard input and more text; $1, what is expected, where nothing computes it.
sha() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256
  elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r
  else cat >/dev/null && echo "$1"
  fi
}

# The part of this file at offset $1 with $2 bytes.
part() { tail -c "+$(($1 + 1))" "$self" | head -c "$2"; }

# Ends the program unless the part at $1 with $2 bytes has the SHA-256 $3.
check() {
  sum=$(part "$1" "$2" | sha "$3")
  [ "${sum%% *}" = "$3" ] || damaged 'this file is damaged (its checksum is wrong)'
}

# Unpack a part into $temporary/new, in the cache $1.
unpack_runtime() {
  check "$runtime_offset" "$runtime_length" "$runtime_sha"
  part "$runtime_offset" "$runtime_length" | gzip -dc >"$temporary/new/chimaera" 2>/dev/null
  if [ "$(($(wc -c <"$temporary/new/chimaera")))" != "$runtime_size" ]; then
    why="$1 is full, or gzip is missing"
    return 1
  fi
  chmod 755 "$temporary/new/chimaera"
  if ! "$temporary/new/chimaera" --version >/dev/null 2>&1 </dev/null; then
    why="$1 does not allow execution, or the runtime does not fit this system"
    return 1
  fi
}
unpack_app() {
  check "$app_offset" "$app_length" "$app_sha"
  part "$app_offset" "$app_length" | gzip -dc 2>/dev/null | (cd "$temporary/new" && tar -xf -)
  [ "$?" = 0 ] && return
  why="$1 is full, or tar is missing"
  return 1
}

# Makes $temporary/new the folder $2 of the cache $1. Who renames first wins, the others drop their
# equal copy. A folder that lost files to a cleaner is moved out of the way.
publish() {
  if [ -e "$1/$2" ] && ! "has_$3" "$1"; then mv "$1/$2" "$temporary/old" 2>/dev/null; fi
  [ -e "$1/$2" ] || mv "$temporary/new" "$1/$2" 2>/dev/null
  rm -rf "$1/$2/new" # where mv found a folder that had just appeared
  "has_$3" "$1"
}

# Adds the folder $2 with the part $3 (runtime or app) to the cache $1, unless it is there.
add() {
  "has_$3" "$1" && return
  temporary=$(mktemp -d "$1/.new-XXXXXX" 2>/dev/null) || return 1
  mkdir "$temporary/new" && "unpack_$3" "$1" && publish "$1" "$2" "$3"
  added=$?
  rm -rf "$temporary"
  temporary=''
  return "$added"
}

# Fills the cache folder $1 if it can be one: private, ours, writable.
fill() {
  (umask 077 && mkdir -p "$1") 2>/dev/null
  [ -d "$1" ] && [ -O "$1" ] && [ -w "$1" ] || return 1
  # What a first start left that was killed.
  find "$1" -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf {} + 2>/dev/null
  # Earlier builds that nobody has started for a month.
  find "$1" -maxdepth 2 -name used -mtime +30 2>/dev/null | while read -r used; do
    rm -rf "${used%/used}"
  done
  add "$1" "$runtime" runtime && add "$1" "$app" app
}

main() {
  find_self "$0"
  # An explicit choice is the only one.
  case ${CHIMAERA_CACHE:-} in
    '') chosen='' ;;
    /*) chosen=$CHIMAERA_CACHE ;;
    *) chosen=$PWD/$CHIMAERA_CACHE ;;
  esac
  xdg='' home=''
  if [ -z "$chosen" ]; then
    case ${XDG_CACHE_HOME:-} in /*) xdg=$XDG_CACHE_HOME/chimaera ;; esac
    case ${HOME:-} in /*) home=$HOME/.cache/chimaera ;; esac
  fi
  for folder in "$chosen" "$xdg" "$home"; do try_start "$folder" "$@"; done

  trap '[ -z "$temporary" ] || rm -rf "$temporary"' EXIT
  trap 'exit 130' INT TERM HUP
  for folder in "$chosen" "$xdg" "$home"; do
    if [ -n "$folder" ] && fill "$folder"; then try_start "$folder" "$@"; fi
  done
  [ -z "$chosen" ] || no_cache "unpack into $chosen: ${why:-it is no writable folder of this user}"
  # Folders that others may write to: a link there is a trap.
  user=$(id -u 2>/dev/null)
  for shared in /var/tmp "${TMPDIR:-/tmp}" /dev/shm; do
    folder=$shared/chimaera-$user
    if [ ! -L "$folder" ] && fill "$folder"; then try_start "$folder" "$@"; fi
  done
  no_cache "unpack the program: no folder for it${why:+ ($why)}"
}

main "$@"
exit 1
