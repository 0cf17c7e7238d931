// SPDX-License-Identifier: BSD-3-Clause
#include "train/peer_watch.h"

#include <atomic>
#include <map>

#include "testing/files.h"

namespace vantage::train {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Kind = PeerEnd::Kind;

// The store of a few processes, which are threads here.
struct Values {
  std::mutex mutex;
  std::map<std::string, std::string> values;
  std::atomic<bool> is_broken = false;
  std::atomic<bool> hangs = false;
};

class MemoryStore : public SharedStore {
 public:
  explicit MemoryStore(std::shared_ptr<Values> values) : values_(std::move(values)) {}
  void Set(const std::string& key, const std::string& value) override {
    Answer();
    const std::scoped_lock lock(values_->mutex);
    values_->values[key] = value;
  }
  std::string Get(const std::string& key) override {
    Answer();
    const std::scoped_lock lock(values_->mutex);
    return values_->values.at(key);
  }

 private:
  void Answer() const {
    while (values_->hangs) std::this_thread::sleep_for(1ms);
    if (values_->is_broken) throw Error("connection reset");
  }
  std::shared_ptr<Values> values_;
};

constexpr PeerWatch::Options kFast{10ms, 500ms, 200ms};

class Watches : public ::testing::Test {
 protected:
  std::unique_ptr<PeerWatch> Watch(int rank, int size, PeerWatch::Options options = kFast) {
    return std::make_unique<PeerWatch>(std::make_unique<MemoryStore>(values_), rank, size, rank == 0,
                                       options);
  }
  std::vector<std::unique_ptr<PeerWatch>> StartAll(int size) {
    std::vector<std::unique_ptr<PeerWatch>> watches;
    for (int rank = 0; rank < size; ++rank) watches.push_back(Watch(rank, size));
    for (const auto& watch : watches) watch->Start();
    return watches;
  }

  // Waits without becoming impatient.
  static std::optional<PeerEnd> Await(const PeerWatch& watch) {
    for (int i = 0; i < 1000 && !watch.End(); ++i) std::this_thread::sleep_for(5ms);
    return watch.End();
  }

  std::shared_ptr<Values> values_ = std::make_shared<Values>();
};

TEST_F(Watches, SeeNoEndWhereAllLiveAndLeave) {
  auto watches = StartAll(3);
  std::this_thread::sleep_for(50ms);
  watches[2]->Leave();
  std::this_thread::sleep_for(600ms);  // longer than the patience: a finished process needs no heartbeat
  EXPECT_FALSE(watches[0]->End());
  EXPECT_FALSE(watches[1]->End());
  watches[1]->Leave();
  watches[0]->Leave();
  EXPECT_FALSE(watches[0]->End());
}

TEST_F(Watches, NoticeWhoGivesNoSignOfLife) {
  const auto zero = Watch(0, 3);
  const auto silent = Watch(1, 3);  // never started: as if killed
  const auto two = Watch(2, 3);
  zero->Start();
  two->Start();
  for (const PeerWatch* watch : {zero.get(), two.get()}) {
    const auto end = Await(*watch);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->rank, 1);
    EXPECT_EQ(end->kind, Kind::kGone);
    EXPECT_THAT(end->message, HasSubstr("no sign of life for 0.5 s"));
  }
}

TEST_F(Watches, AreQuickerWhereAConnectionBroke) {
  PeerWatch::Options slow = kFast;
  slow.patience = 1h;
  const auto zero = Watch(0, 2, slow);
  const auto silent = Watch(1, 2, slow);
  zero->Start();
  const auto end = zero->WaitForEnd(10s);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->rank, 1);
}

TEST_F(Watches, LearnWhyAnotherEnded) {
  auto watches = StartAll(3);
  watches[1]->Leave(PeerEnd{1, Kind::kFailed, "a.jpg: the loss is nan"});
  watches[1].reset();
  for (const int rank : {0, 2}) {
    const auto end = Await(*watches[static_cast<size_t>(rank)]);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->rank, 1);
    EXPECT_EQ(end->kind, Kind::kFailed);
    EXPECT_EQ(end->message, "a.jpg: the loss is nan");
  }
}

TEST_F(Watches, TheHostStaysUntilTheOthersKnow) {
  PeerWatch::Options lasting = kFast;
  lasting.farewell = 10s;
  auto zero = Watch(0, 2, lasting);
  const auto one = Watch(1, 2, lasting);
  zero->Start();
  one->Start();
  zero->Leave(PeerEnd{0, Kind::kInterrupted, "interrupted"});
  zero.reset();
  values_->is_broken = true;  // the store ends with its host
  const auto end = one->End();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->rank, 0);
  EXPECT_EQ(end->kind, Kind::kInterrupted);
}

TEST_F(Watches, TheHostIsGoneWhereTheStoreIs) {
  auto watches = StartAll(2);
  values_->is_broken = true;
  const auto end = Await(*watches[1]);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->rank, 0);
  EXPECT_EQ(end->kind, Kind::kGone);
}

TEST_F(Watches, AStoreThatHangsIsNotWaitedForForever) {
  auto watches = StartAll(2);
  values_->hangs = true;
  const auto end = Await(*watches[1]);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->rank, 0);
  EXPECT_THAT(end->message, HasSubstr("does not answer"));
  watches.clear();
  values_->hangs = false;
}

}  // namespace
}  // namespace vantage::train
