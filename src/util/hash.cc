// SPDX-License-Identifier: BSD-3-Clause
#include "util/hash.h"

#include <openssl/evp.h>

#include <algorithm>

#include "util/check.h"
#include "util/file.h"

namespace vantage {
namespace {

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

Sha256Digest::Sha256Digest()
    : context_(EVP_MD_CTX_new(), [](void* context) { EVP_MD_CTX_free(Context(context)); }) {
  VANTAGE_CHECK(context_ && EVP_DigestInit_ex(Context(context_.get()), EVP_sha256(), nullptr) == 1,
                "SHA-256 cannot start");
}

void Sha256Digest::Add(std::string_view bytes) {
  EVP_DigestUpdate(Context(context_.get()), bytes.data(), bytes.size());
}

std::string Sha256Digest::Hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(Context(context_.get()), digest, &size);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

std::string Sha256(std::string_view bytes) {
  Sha256Digest digest;
  digest.Add(bytes);
  return digest.Hex();
}

std::string Sha256OfFile(const std::filesystem::path& path) {
  constexpr uint64_t kPiece = uint64_t{1} << 20;
  const InputFile file(path);
  Sha256Digest digest;
  for (uint64_t offset = 0; offset < file.size(); offset += kPiece) {
    digest.Add(file.ReadAt(offset, std::min(kPiece, file.size() - offset)));
  }
  return digest.Hex();
}

}  // namespace vantage
