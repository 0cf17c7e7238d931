// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

// Wrappers of the parts of the HDF5 library that vantage uses.
namespace vantage::hdf5 {

// A lock of the HDF5 library, which has global state and is usually built without locks. Every use of the
// library, including closing, must happen during the lifetime of a Session. Only one thread can have one at a
// time. The library prints no errors meanwhile.
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

// Throws Error with `what` and the library's reason.
[[noreturn]] void Fail(const std::string& what);

// Returns `value`, a result of the library. Throws Error if it is negative, which means failure.
template <typename T>
T Check(T value, const std::string& what) {
  if (value < 0) Fail(what);
  return value;
}

// Owns an object of the library, and closes it on destruction.
template <herr_t (*kClose)(hid_t)>
class Handle {
 public:
  Handle() = default;
  // Throws Error if `id` is negative; `what` begins the message.
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
  // Closes the object now. Throws Error if that fails, such as for a file if the disk is full.
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
