// SPDX-License-Identifier: BSD-3-Clause
#include "train/peer_watch.h"

#include <algorithm>
#include <utility>

#include "util/check.h"
#include "util/index.h"

namespace vantage::train {
namespace {

using Clock = PeerWatch::Clock;
using Kind = PeerEnd::Kind;

constexpr int kImpatientIntervals = 4;

// What a process writes: its counter, whether it is done, and an early end that it knows of.
struct Beat {
  int64_t count = 0;
  bool done = false;
  std::optional<PeerEnd> end;

  bool HasEnded() const { return done || end.has_value(); }
};

std::string ToText(const Beat& beat) {
  std::string text = StrCat(beat.count, " ", beat.done ? 1 : 0);
  if (beat.end)
    text += StrCat(" ", static_cast<int>(beat.end->kind), " ", beat.end->rank, " ", beat.end->message);
  return text;
}

Beat ParseBeat(const std::string& text) {
  std::istringstream in(text);
  Beat beat;
  in >> beat.count >> beat.done;
  VANTAGE_CHECK(in, "cannot read a sign of life: '", text, "'");
  int kind = 0;
  PeerEnd end;
  if (in >> kind >> end.rank) {
    end.kind = static_cast<Kind>(kind);
    std::getline(in >> std::ws, end.message, '\0');
    beat.end = end;
  }
  return beat;
}

std::string KeyOf(int rank) { return StrCat("beat/", rank); }

std::string Seconds(Clock::duration duration) {
  return FormatDuration(std::chrono::duration<double>(duration).count());
}

}  // namespace

struct PeerWatch::State {
  struct Peer {
    Beat beat;
    Clock::time_point changed;
  };

  std::unique_ptr<SharedStore> store;  // of the thread alone
  int rank = 0;
  int size = 1;
  bool is_host = false;
  Options options;

  mutable std::mutex mutex;
  std::condition_variable changed;
  Beat own;
  std::vector<Peer> peers;
  Clock::time_point last_exchange;  // when the store answered last
  bool is_impatient = false;
  bool leaves = false;
  Clock::time_point leaves_by;  // the thread has ended then
  bool has_ended = false;       // the thread

  // The following are called with the mutex held.

  void NoteEnd(PeerEnd end) {
    if (!own.end) own.end = std::move(end);
    changed.notify_all();
  }

  Clock::duration Patience() const {
    return is_impatient ? std::min(options.patience, kImpatientIntervals * options.interval)
                        : options.patience;
  }

  void Observe(int peer_rank, const Beat& beat, Clock::time_point now) {
    Peer& peer = peers[ToIndex(peer_rank)];
    if (beat.count != peer.beat.count || beat.HasEnded()) peer.changed = now;
    peer.beat = beat;
    if (beat.end) NoteEnd(*beat.end);
    if (now - peer.changed > Patience()) {
      NoteEnd({peer_rank, Kind::kGone, StrCat("no sign of life for ", Seconds(Patience()))});
    }
  }

  // The store is in process 0 or in its launcher.
  void NoteSilentStore(const std::string& reason) { NoteEnd({0, Kind::kGone, reason}); }

  bool MayEnd(Clock::time_point now) const {
    if (!is_host) return own.HasEnded();
    if (!leaves) return false;
    return now >= leaves_by || std::all_of(peers.begin(), peers.end(), [&](const Peer& peer) {
             return &peer == &peers[ToIndex(rank)] || peer.beat.HasEnded() ||
                    now - peer.changed > kImpatientIntervals * options.interval;
           });
  }
};

PeerWatch::PeerWatch(std::unique_ptr<SharedStore> store, int rank, int size, bool is_host, Options options)
    : state_(std::make_shared<State>()) {
  state_->store = std::move(store);
  state_->rank = rank;
  state_->size = size;
  state_->is_host = is_host;
  state_->options = options;
  state_->peers.resize(ToIndex(size));
  state_->store->Set(KeyOf(rank), ToText(state_->own));
}

void PeerWatch::Start() {
  const Clock::time_point now = Clock::now();
  for (State::Peer& peer : state_->peers) peer.changed = now;
  state_->last_exchange = now;
  thread_ = std::thread([state = state_] { Run(state); });
}

void PeerWatch::Run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  while (true) {
    ++state->own.count;
    const std::string own = ToText(state->own);
    const bool knew_of_end = state->own.HasEnded();
    const bool left = state->leaves;
    lock.unlock();
    std::vector<Beat> beats(ToIndex(state->size));
    std::string failure;
    try {
      state->store->Set(KeyOf(state->rank), own);
      for (int peer = 0; peer < state->size; ++peer) {
        if (peer != state->rank) beats[ToIndex(peer)] = ParseBeat(state->store->Get(KeyOf(peer)));
      }
    } catch (const std::exception&) {
      failure = "the connection to it broke";
    }
    lock.lock();
    const Clock::time_point now = Clock::now();
    if (!failure.empty()) {
      state->NoteSilentStore(failure);
      break;
    }
    state->last_exchange = now;
    for (int peer = 0; peer < state->size; ++peer) {
      if (peer != state->rank) state->Observe(peer, beats[ToIndex(peer)], now);
    }
    // Ends only after this process has written the end that it knows of.
    if (knew_of_end && state->MayEnd(now)) break;
    if (state->own.HasEnded() != knew_of_end) continue;
    const auto pause = state->leaves ? state->options.interval / 4 : state->options.interval;
    state->changed.wait_for(lock, pause,
                            [&] { return state->own.HasEnded() != knew_of_end || state->leaves != left; });
  }
  state->has_ended = true;
  state->changed.notify_all();
}

std::optional<PeerEnd> PeerWatch::End() const {
  const std::scoped_lock lock(state_->mutex);
  const bool is_watching = thread_.joinable() && !state_->has_ended;
  if (is_watching && Clock::now() - state_->last_exchange > 2 * state_->options.patience) {
    state_->NoteSilentStore("its store of shared values does not answer");
  }
  return state_->own.end;
}

std::optional<PeerEnd> PeerWatch::WaitForEnd(Clock::duration limit) {
  std::unique_lock lock(state_->mutex);
  state_->is_impatient = true;
  state_->changed.wait_for(lock, limit, [&] { return state_->own.end.has_value(); });
  return state_->own.end;
}

void PeerWatch::Leave(std::optional<PeerEnd> end) {
  if (!thread_.joinable()) return;
  std::unique_lock lock(state_->mutex);
  if (end) {
    state_->NoteEnd(std::move(*end));
  } else {
    state_->own.done = true;
  }
  state_->leaves = true;
  state_->leaves_by = Clock::now() + state_->options.farewell;
  state_->changed.notify_all();
  const bool has_ended = state_->changed.wait_until(lock, state_->leaves_by + 2 * state_->options.interval,
                                                    [&] { return state_->has_ended; });
  lock.unlock();
  if (has_ended) {
    thread_.join();
  } else {
    thread_.detach();  // it hangs in a store that does not answer
  }
}

PeerWatch::~PeerWatch() { Leave(); }

}  // namespace vantage::train
