// SPDX-License-Identifier: BSD-3-Clause
#include "util/rethrow.h"

#include <filesystem>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "testing/files.h"
#include "vantage/error.h"

namespace vantage {
namespace {

using testing::ErrorOf;

// The message of a public function that does this work.
std::string SaidOf(const std::function<void()>& work) {
  return ErrorOf([&] {
    try {
      work();
    } catch (...) {
      RethrowAsError();
    }
  });
}

TEST(RethrowAsError, MakesAnErrorOfWhatLibrariesThrow) {
  EXPECT_EQ(SaidOf([] { std::filesystem::file_size("/no/such/file"); }),
            "/no/such/file: No such file or directory");
  EXPECT_EQ(SaidOf([] { throw std::bad_alloc(); }), "not enough memory");
  EXPECT_THAT(SaidOf([] { std::string().resize(std::string::npos); }),
              ::testing::HasSubstr("not enough memory"));
  EXPECT_EQ(SaidOf([] { throw std::runtime_error("[json.exception.type_error.302] type must be string"); }),
            "type must be string");
  EXPECT_EQ(
      SaidOf([] { throw std::runtime_error("[json.exception.type_error.304] cannot use at() with number"); }),
      "a number where an object belongs");
  EXPECT_EQ(SaidOf([] { throw std::runtime_error("too large\nException raised from here"); }), "too large");
  EXPECT_NE(SaidOf([] { throw 1; }), "");
}

TEST(RethrowAsError, LeavesErrorsAsTheyAre) {
  EXPECT_EQ(SaidOf([] { throw Error("[x] two\nlines"); }), "[x] two\nlines");
  const auto passes = [](const auto& error) {
    try {
      try {
        throw error;
      } catch (...) {
        RethrowAsError();
      }
    } catch (const std::decay_t<decltype(error)>&) {
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  EXPECT_TRUE(passes(UsageError("")));
  EXPECT_TRUE(passes(Interrupted("")));
}

}  // namespace
}  // namespace vantage
