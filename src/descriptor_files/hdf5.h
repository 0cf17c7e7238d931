// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

// The little that vantage needs of the HDF5 library.
namespace vantage::hdf5 {

// The library keeps global state and is mostly built without locks: every use of it, closing included,
// happens while such an object lives, in one thread at a time. While it lives, the library prints nothing.
class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  std::unique_lock<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

// Throws Error: `what`, and the library's reason.
[[noreturn]] void Fail(const std::string& what);

// `value`, which the library returned; throws Error where it is negative, the library's sign of failure.
template <typename T>
T Check(T value, const std::string& what) {
  if (value < 0) Fail(what);
  return value;
}

// An object of the library, closed at the end.
template <herr_t (*kClose)(hid_t)>
class Handle {
 public:
  Handle() = default;
  // Throws Error where `id` is no object's; `what` says what could not be had.
  Handle(hid_t id, const std::string& what) : id_(Check(id, what)) {}
  ~Handle() {
    if (id_ >= 0) kClose(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  hid_t get() const { return id_; }
  // Closes now; throws Error where that fails, as of a file whose last bytes find no room.
  void Close(const std::string& what) { Check(kClose(std::exchange(id_, -1)), what); }

 private:
  hid_t id_ = -1;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Object = Handle<H5Oclose>;
using Dataset = Handle<H5Dclose>;
using Space = Handle<H5Sclose>;
using Type = Handle<H5Tclose>;
using Attribute = Handle<H5Aclose>;
using Properties = Handle<H5Pclose>;

// IEEE half precision, little-endian, as NumPy and h5py store float16.
Type Float16();

}  // namespace vantage::hdf5
