// The bucket of stalls, and the pauses between attempts to use more workers.
#include "kernels/crowding.h"

#include <algorithm>

namespace sixfold::kernels {

void Crowding::add_stall(TimePoint now, Duration stall) {
  stalled_ -= std::min(stalled_, (now - drained_) / kShareInverse);
  drained_ = now;
  stalled_ += stall;
  if (stalled_ <= kBucket || workers_ == 1) return;
  pause_ = now - tried_ < kProbation ? std::min(2 * pause_, kPauseMax) : kPauseMin;
  workers_ -= std::max<std::size_t>(1, workers_ / 4);
  retry_ = now + pause_;
  stalled_ = Duration{0};
}

void Crowding::try_more(TimePoint now) {
  workers_ = std::min(workers_max_, workers_ + std::max<std::size_t>(1, workers_max_ / 4));
  tried_ = now;
  retry_ = now + kPauseMin;
  stalled_ = Duration{0};
}

}  // namespace sixfold::kernels
