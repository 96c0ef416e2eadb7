// Loaded with LD_PRELOAD into a process: keeps, beside the files below one directory, a shadow directory that holds only
// what was fsynced. After a SIGKILL the shadow is what a machine would find after a power cut that dropped every write
// since the last fsync.
//
//   SHIM_DIRECTORY  the directory, absolute and without links
//   SHIM_SHADOW     where the shadow is; it exists and holds what the directory held when the process began
//
// A write marks a range of its file as not durable. fsync and fdatasync copy the marked ranges and the length of the file
// into the shadow, before the real call returns. A new name is durable once its file, or its directory, was synced; a
// removal or a renaming once a directory or the renamed file was. Memory that is mapped (SQLite's -shm) is never durable.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
// The names with and without 64 must stay apart here: callers use both.
#undef _FILE_OFFSET_BITS
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

struct File {
  // Half-open ranges that were written since the last sync, from start to end.
  std::map<off_t, off_t> dirty;
  // The shortest that the file was cut to since then; -1 when it was not.
  off_t cut = -1;
};

struct Renaming {
  std::string from;
  // Empty for a removal.
  std::string to;
};

struct State {
  std::mutex mutex;
  std::string directory;
  std::string shadow;
  std::map<std::string, File> files;
  std::vector<Renaming> renamings;
};

// Never destroyed: the process writes until its end.
State *state() {
  static State *made = [] {
    auto *fresh = new State;
    const char *directory = getenv("SHIM_DIRECTORY");
    const char *shadow = getenv("SHIM_SHADOW");
    if (directory != nullptr && shadow != nullptr) {
      fresh->directory = std::string(directory) + "/";
      fresh->shadow = std::string(shadow) + "/";
    }
    return fresh;
  }();
  return made;
}

template <typename F> F real(const char *name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }

bool below(const std::string &path) {
  const std::string &directory = state()->directory;
  return !directory.empty() && path.compare(0, directory.size(), directory) == 0;
}

std::string shadowOf(const std::string &path) { return state()->shadow + path.substr(state()->directory.size()); }

// The path of an open file, empty when it is none of ours.
std::string pathOf(int fd) {
  if (state()->directory.empty()) return "";
  char link[64];
  char target[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, target, sizeof target);
  if (length <= 0 || target[0] != '/') return "";
  std::string path(target, static_cast<size_t>(length));
  return below(path) ? path : "";
}

std::string absolute(int at, const char *path) {
  if (path == nullptr) return "";
  if (path[0] == '/') return path;
  char link[64];
  char target[4096];
  snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
  const ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, target, sizeof target);
  if (length <= 0) return "";
  return std::string(target, static_cast<size_t>(length)) + "/" + path;
}

void mark(File &file, off_t from, off_t to) {
  if (to <= from) return;
  auto next = file.dirty.upper_bound(from);
  if (next != file.dirty.begin()) {
    auto before = std::prev(next);
    if (before->second >= from) {
      from = before->first;
      to = std::max(to, before->second);
      next = file.dirty.erase(before);
    }
  }
  while (next != file.dirty.end() && next->first <= to) {
    to = std::max(to, next->second);
    next = file.dirty.erase(next);
  }
  file.dirty[from] = to;
}

void written(int fd, off_t from, ssize_t length) {
  if (length <= 0) return;
  const std::string path = pathOf(fd);
  if (path.empty()) return;
  std::lock_guard<std::mutex> lock(state()->mutex);
  mark(state()->files[path], from, from + length);
}

// After a write at the file's own position, which has moved on by its length.
void writtenHere(int fd, ssize_t length) {
  if (length <= 0 || pathOf(fd).empty()) return;
  written(fd, static_cast<off_t>(syscall(SYS_lseek, fd, 0, SEEK_CUR)) - length, length);
}

void cutTo(const std::string &path, off_t length) {
  if (path.empty()) return;
  std::lock_guard<std::mutex> lock(state()->mutex);
  File &file = state()->files[path];
  file.cut = file.cut < 0 ? length : std::min(file.cut, length);
}

[[noreturn]] void broken(const char *what) {
  dprintf(2, "drop-unsynced: %s: %s\n", what, strerror(errno));
  abort();
}

void copyRange(int from, int to, off_t at, off_t end) {
  static char buffer[1 << 16];
  while (at < end) {
    const size_t wanted = static_cast<size_t>(std::min<off_t>(sizeof buffer, end - at));
    const ssize_t got = syscall(SYS_pread64, from, buffer, wanted, at);
    if (got < 0) broken("pread");
    if (got == 0) return;
    if (syscall(SYS_pwrite64, to, buffer, static_cast<size_t>(got), at) != got) broken("pwrite");
    at += got;
  }
}

void applyRenamings() {
  for (const Renaming &one : state()->renamings) {
    if (one.to.empty()) syscall(SYS_unlinkat, AT_FDCWD, shadowOf(one.from).c_str(), 0);
    else syscall(SYS_renameat2, AT_FDCWD, shadowOf(one.from).c_str(), AT_FDCWD, shadowOf(one.to).c_str(), 0);
  }
  state()->renamings.clear();
}

// Everything that was written to this file so far is durable from now on.
void synced(int fd) {
  if (state()->directory.empty()) return;
  // Its length is read under the lock: of two syncs of one file the later one must not cut what the other one kept.
  std::lock_guard<std::mutex> lock(state()->mutex);
  struct stat status;
  if (fstat(fd, &status) != 0) return;
  if (S_ISDIR(status.st_mode)) {
    const std::string path = pathOf(fd) + "/";
    if (below(path) || path == state()->directory || path == "/") applyRenamings();
    return;
  }
  const std::string path = pathOf(fd);
  if (path.empty()) return;
  for (const Renaming &one : state()->renamings) {
    if (one.to == path) {
      applyRenamings();
      break;
    }
  }
  const auto found = state()->files.find(path);
  const std::string copy = shadowOf(path);
  const int shadow = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, copy.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, status.st_mode & 07777));
  if (shadow < 0) broken(copy.c_str());
  // The descriptor may be for writing only.
  char own[64];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  const int source = static_cast<int>(syscall(SYS_openat, AT_FDCWD, own, O_RDONLY | O_CLOEXEC, 0));
  if (source < 0) broken(path.c_str());
  if (found != state()->files.end()) {
    File &file = found->second;
    if (file.cut >= 0 && syscall(SYS_ftruncate, shadow, file.cut) != 0) broken("ftruncate");
    for (const auto &[at, end] : file.dirty) copyRange(source, shadow, at, end);
    state()->files.erase(found);
  }
  if (syscall(SYS_ftruncate, shadow, status.st_size) != 0) broken("ftruncate");
  syscall(SYS_close, source);
  syscall(SYS_close, shadow);
}

void opened(int at, const char *path, int flags, int fd) {
  if (fd < 0 || (flags & O_TRUNC) == 0) return;
  const std::string whole = absolute(at, path);
  if (below(whole)) cutTo(whole, 0);
}

void renamed(int fromAt, const char *from, int toAt, const char *to) {
  const std::string source = absolute(fromAt, from);
  const std::string target = to == nullptr ? "" : absolute(toAt, to);
  if (!below(source)) return;
  std::lock_guard<std::mutex> lock(state()->mutex);
  auto &files = state()->files;
  const auto found = files.find(source);
  if (!target.empty() && found != files.end()) files[target] = found->second;
  files.erase(source);
  state()->renamings.push_back({source, target});
}

mode_t modeOf(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(rest, int)) : 0;
}

} // namespace

#define OPEN(name)                                                                                                     \
  int name(const char *path, int flags, ...) {                                                                         \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    const mode_t mode = modeOf(flags, rest);                                                                           \
    va_end(rest);                                                                                                      \
    const int fd = real<int (*)(const char *, int, mode_t)>(#name)(path, flags, mode);                                 \
    opened(AT_FDCWD, path, flags, fd);                                                                                 \
    return fd;                                                                                                         \
  }

#define OPENAT(name)                                                                                                   \
  int name(int at, const char *path, int flags, ...) {                                                                 \
    va_list rest;                                                                                                      \
    va_start(rest, flags);                                                                                             \
    const mode_t mode = modeOf(flags, rest);                                                                           \
    va_end(rest);                                                                                                      \
    const int fd = real<int (*)(int, const char *, int, mode_t)>(#name)(at, path, flags, mode);                        \
    opened(at, path, flags, fd);                                                                                       \
    return fd;                                                                                                         \
  }

#define PWRITE(name, type)                                                                                             \
  ssize_t name(int fd, const void *bytes, size_t count, type at) {                                                     \
    const ssize_t done = real<ssize_t (*)(int, const void *, size_t, type)>(#name)(fd, bytes, count, at);              \
    written(fd, static_cast<off_t>(at), done);                                                                         \
    return done;                                                                                                       \
  }

#define PWRITEV(name, type)                                                                                            \
  ssize_t name(int fd, const struct iovec *parts, int count, type at) {                                                \
    const ssize_t done = real<ssize_t (*)(int, const struct iovec *, int, type)>(#name)(fd, parts, count, at);         \
    written(fd, static_cast<off_t>(at), done);                                                                         \
    return done;                                                                                                       \
  }

#define FTRUNCATE(name, type)                                                                                          \
  int name(int fd, type length) {                                                                                      \
    const int done = real<int (*)(int, type)>(#name)(fd, length);                                                      \
    if (done == 0) cutTo(pathOf(fd), static_cast<off_t>(length));                                                      \
    return done;                                                                                                       \
  }

#define SYNC(name)                                                                                                     \
  int name(int fd) {                                                                                                   \
    const int done = real<int (*)(int)>(#name)(fd);                                                                    \
    if (done == 0) synced(fd);                                                                                         \
    return done;                                                                                                       \
  }

extern "C" {

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)
SYNC(fsync)
SYNC(fdatasync)

ssize_t write(int fd, const void *bytes, size_t count) {
  const ssize_t done = real<ssize_t (*)(int, const void *, size_t)>("write")(fd, bytes, count);
  writtenHere(fd, done);
  return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  const ssize_t done = real<ssize_t (*)(int, const struct iovec *, int)>("writev")(fd, parts, count);
  writtenHere(fd, done);
  return done;
}

int rename(const char *from, const char *to) {
  const int done = real<int (*)(const char *, const char *)>("rename")(from, to);
  if (done == 0) renamed(AT_FDCWD, from, AT_FDCWD, to);
  return done;
}

int unlink(const char *path) {
  const int done = real<int (*)(const char *)>("unlink")(path);
  if (done == 0) renamed(AT_FDCWD, path, AT_FDCWD, nullptr);
  return done;
}

} // extern "C"
