// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/mat_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "util/check.h"

namespace vantage::serialize {

struct MatStream::Inflater {
  z_stream state{};
  std::array<Bytef, 1 << 14> input{};
  bool ended = false;

  Inflater() { VANTAGE_CHECK(inflateInit(&state) == Z_OK, "zlib cannot be initialised"); }
  ~Inflater() { inflateEnd(&state); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

MatStream::MatStream(const InputFile& file, uint64_t offset, uint64_t size, bool compressed,
                     std::string where)
    : file_(file), next_(offset), end_(offset + size), where_(std::move(where)) {
  if (compressed) inflater_ = std::make_unique<Inflater>();
}

MatStream::~MatStream() = default;

std::string MatStream::Where() const { return StrCat(where_, ": byte ", position_); }

uint64_t MatStream::Inflate(void* data, uint64_t size) {
  z_stream& state = inflater_->state;
  auto* at = static_cast<Bytef*>(data);
  uint64_t made = 0;
  while (made < size && !inflater_->ended) {
    if (state.avail_in == 0) {
      const uint64_t count = std::min<uint64_t>(inflater_->input.size(), end_ - next_);
      VANTAGE_CHECK(count > 0, Where(), ": ends early");
      file_.ReadAt(next_, inflater_->input.data(), count);
      next_ += count;
      state.next_in = inflater_->input.data();
      state.avail_in = static_cast<uInt>(count);
    }
    const auto wanted = static_cast<uInt>(std::min<uint64_t>(size - made, uint64_t{1} << 30));
    state.next_out = at + made;
    state.avail_out = wanted;
    const int result = inflate(&state, Z_NO_FLUSH);
    VANTAGE_CHECK(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR, Where(),
                  ": the compressed data are damaged: ", state.msg == nullptr ? "" : state.msg);
    inflater_->ended = result == Z_STREAM_END;
    made += wanted - state.avail_out;
    position_ += wanted - state.avail_out;
  }
  return made;
}

void MatStream::Read(void* data, uint64_t size) {
  if (inflater_) {
    VANTAGE_CHECK(Inflate(data, size) == size, Where(), ": ends early");
    return;
  }
  VANTAGE_CHECK(size <= end_ - next_, Where(), ": ends early");
  file_.ReadAt(next_, data, size);
  next_ += size;
  position_ += size;
}

void MatStream::Skip(uint64_t size) {
  if (!inflater_) {
    VANTAGE_CHECK(size <= end_ - next_, Where(), ": ends early");
    next_ += size;
    position_ += size;
    return;
  }
  std::array<char, 1 << 14> nowhere;
  while (size > 0) {
    const uint64_t count = std::min<uint64_t>(size, nowhere.size());
    Read(nowhere.data(), count);
    size -= count;
  }
}

bool MatStream::AtEnd() {
  if (!inflater_) return next_ == end_;
  char more = 0;
  return Inflate(&more, 1) == 0;  // also lets zlib check the checksum after the last byte
}

}  // namespace vantage::serialize
