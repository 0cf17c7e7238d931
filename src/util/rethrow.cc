// SPDX-License-Identifier: BSD-3-Clause
#include "util/rethrow.h"

#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>

#include "util/string.h"
#include "vantage/error.h"

namespace vantage {
std::string PlainReason(const std::exception& error) {
  std::string text = error.what();
  if (text.starts_with("[json.exception.")) {
    const size_t end = text.find("] ");
    if (end != text.npos) text.erase(0, end + 2);
  }
  // "cannot use at() with number": the value should be an object
  if (text.starts_with("cannot use "))
    text = StrCat("a ", text.substr(text.rfind(' ') + 1), " where an object belongs");
  text = text.substr(0, text.find('\n'));
  if (text.starts_with("CUDA out of memory")) {
    text +=
        " Take fewer pixels at once (--batch-pixels, compute.batch_pixels, compute.kept_pixels), a smaller "
        "size or bf16, or end other programs on the GPU";
  } else if (text.starts_with("CUDA error") || text.starts_with("cuDNN error") ||
             text.starts_with("CUDA driver error")) {
    text +=
        "; the GPU or its driver failed, not the photos: dmesg and nvidia-smi may show why, and the same "
        "call resumes";
  }
  return text;
}

void RethrowAsError() {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(StrCat(error.path1().string(), ": ", error.code().message()));
  } catch (const std::bad_alloc&) {
    throw Error("not enough memory");
  } catch (const std::length_error&) {
    throw Error("not enough memory: something is larger than any memory");
  } catch (const std::exception& error) {
    throw Error(PlainReason(error));
  } catch (...) {
    throw Error("failed for a reason that is not known");
  }
}

}  // namespace vantage
