// SPDX-License-Identifier: BSD-3-Clause
#include "descriptor_files/hdf5.h"

#include "util/string.h"
#include "vantage/error.h"

namespace vantage::hdf5 {
namespace {

std::mutex& LibraryMutex() {
  static std::mutex mutex;
  return mutex;
}

// Keeps the text of the innermost failure, which HDF5's walk visits first.
herr_t KeepReason(unsigned depth, const H5E_error2_t* error, void* reason) {
  if (depth == 0 && error->desc != nullptr) *static_cast<const char**>(reason) = error->desc;
  return 0;
}

}  // namespace

Session::Session() : lock_(LibraryMutex()) {
  // Without this, HDF5 would try at exit to close objects that damaged files left half open, fail, and print
  // an error. Everything else is closed by then.
  H5dont_atexit();
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() { H5Eset_auto2(H5E_DEFAULT, print_, print_data_); }

void Fail(const std::string& what) {
  const char* reason = nullptr;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, KeepReason, &reason);
  throw Error(StrCat(what, ": ", reason == nullptr ? "the HDF5 library gives no reason" : reason));
}

Type Float16() {
  const std::string what = "HDF5 cannot make the type float16";
  Type type(H5Tcopy(H5T_IEEE_F32LE), what);
  Check(H5Tset_fields(type.get(), 15, 10, 5, 0, 10), what);
  Check(H5Tset_size(type.get(), 2), what);
  Check(H5Tset_ebias(type.get(), 15), what);
  return type;
}

}  // namespace vantage::hdf5
