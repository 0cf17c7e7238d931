// SPDX-License-Identifier: BSD-3-Clause
// Loaded into a program by LD_PRELOAD, kills it before the n-th call that changes the disk; n is
// VANTAGE_STOP_BEFORE. Counts writes to regular files, and calls that rename, remove, truncate, sync or make
// folders. Does not affect programs that this one starts.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

std::atomic<long> calls = 0;

void Count() {
  static const long stop = [] {
    const char* text = ::getenv("VANTAGE_STOP_BEFORE");
    return text == nullptr ? 0L : std::atol(text);
  }();
  if (++calls == stop) ::raise(SIGKILL);
}

__attribute__((constructor)) void StopNoOther() { ::unsetenv("LD_PRELOAD"); }

void CountIfRegular(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) Count();
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

#define VANTAGE_NEXT(name) static auto* const next = Next<decltype(::name)>(#name)

extern "C" {

ssize_t write(int descriptor, const void* data, size_t size) {
  VANTAGE_NEXT(write);
  CountIfRegular(descriptor);
  return next(descriptor, data, size);
}
ssize_t writev(int descriptor, const iovec* parts, int count) {
  VANTAGE_NEXT(writev);
  CountIfRegular(descriptor);
  return next(descriptor, parts, count);
}
ssize_t pwrite(int descriptor, const void* data, size_t size, off_t offset) {
  VANTAGE_NEXT(pwrite);
  CountIfRegular(descriptor);
  return next(descriptor, data, size, offset);
}
ssize_t pwrite64(int descriptor, const void* data, size_t size, off64_t offset) {
  VANTAGE_NEXT(pwrite64);
  CountIfRegular(descriptor);
  return next(descriptor, data, size, offset);
}
ssize_t sendfile(int to, int from, off_t* offset, size_t count) {
  VANTAGE_NEXT(sendfile);
  CountIfRegular(to);
  return next(to, from, offset, count);
}
ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t size,
                        unsigned flags) {
  VANTAGE_NEXT(copy_file_range);
  CountIfRegular(to);
  return next(from, from_offset, to, to_offset, size, flags);
}
int ftruncate(int descriptor, off_t size) noexcept {
  VANTAGE_NEXT(ftruncate);
  Count();
  return next(descriptor, size);
}
int ftruncate64(int descriptor, off64_t size) noexcept {
  VANTAGE_NEXT(ftruncate64);
  Count();
  return next(descriptor, size);
}
int rename(const char* from, const char* to) noexcept {
  VANTAGE_NEXT(rename);
  Count();
  return next(from, to);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  VANTAGE_NEXT(renameat);
  Count();
  return next(from_folder, from, to_folder, to);
}
int unlink(const char* path) noexcept {
  VANTAGE_NEXT(unlink);
  Count();
  return next(path);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  VANTAGE_NEXT(unlinkat);
  Count();
  return next(folder, path, flags);
}
int remove(const char* path) noexcept {
  VANTAGE_NEXT(remove);
  Count();
  return next(path);
}
int rmdir(const char* path) noexcept {
  VANTAGE_NEXT(rmdir);
  Count();
  return next(path);
}
int mkdir(const char* path, mode_t mode) noexcept {
  VANTAGE_NEXT(mkdir);
  Count();
  return next(path, mode);
}
int symlink(const char* to, const char* path) noexcept {
  VANTAGE_NEXT(symlink);
  Count();
  return next(to, path);
}
int fsync(int descriptor) {
  VANTAGE_NEXT(fsync);
  Count();
  return next(descriptor);
}
int fdatasync(int descriptor) {
  VANTAGE_NEXT(fdatasync);
  Count();
  return next(descriptor);
}

}  // extern "C"
