// Vivaldi.
#include "core/gossip/coordinate.h"

#include <algorithm>

namespace quorumlab::gossip {
namespace {

constexpr double kErrorMax = 1.5;
constexpr double kCe = 0.25;  // how fast the error follows
constexpr double kCc = 0.25;  // how far one sample moves the coordinate
constexpr double kHeightMin = 1e-5;
constexpr double kGravityRho = 150;
constexpr double kZero = 1e-6;
constexpr Duration kRttMax = seconds(10);
constexpr std::uint64_t kPurpose = 0x7669'7661'6c64'6900;  // of the draws for random directions

using Vector = std::array<double, kCoordinateDimensions>;

// NaN differs from itself, and infinity minus itself is NaN.
bool finite(double x) { return x - x == 0; }
double magnitude(const Vector& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  return __builtin_sqrt(sum);
}
Vector difference(const Vector& a, const Vector& b) {
  Vector d;
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = a[i] - b[i];
  return d;
}
double raw_distance(const Coordinate& a, const Coordinate& b) {
  return magnitude(difference(a.vec, b.vec)) + a.height + b.height;
}
double distance_ns(const Coordinate& a, const Coordinate& b) {
  const double raw = raw_distance(a, b);
  const double adjusted = raw + a.adjustment + b.adjustment;
  return (adjusted > 0 ? adjusted : raw) * 1e9;
}
// In seconds, by way of whole nanoseconds, as the reference has it.
double distance(const Coordinate& a, const Coordinate& b) {
  return static_cast<double>(estimated_rtt(a, b).ns) / 1e9;
}

}  // namespace

bool is_finite(const Coordinate& c) {
  return std::all_of(c.vec.begin(), c.vec.end(), finite) && finite(c.error) &&
         finite(c.adjustment) && finite(c.height);
}

Duration estimated_rtt(const Coordinate& a, const Coordinate& b) {
  const double ns = distance_ns(a, b);
  // What does not fit is the largest there is; NaN is no distance at all.
  if (!(ns < 9.2e18)) return ns > 0 ? Duration{INT64_MAX} : Duration{};
  return {static_cast<std::int64_t>(ns)};
}

void CoordinateClient::reset() {
  own_ = {};
  window_.fill(0);
  window_at_ = 0;
  places_.clear();
  for (std::vector<Peer>& chunk : chunks_) chunk.clear();
  used_ = 0;
  free_.clear();
  resets_ = 0;
  draws_ = 0;
}

CoordinateClient::Peer& CoordinateClient::entry(PeerId peer) {
  if (peer.value >= places_.size()) places_.resize(peer.value + 1);
  std::uint32_t& place = places_[peer.value];
  if (place == 0) {
    if (free_.empty()) {
      const std::size_t chunk = used_ / kChunk;
      if (chunk == chunks_.size()) chunks_.emplace_back();
      if (chunk != 0) chunks_[chunk].reserve(kChunk);  // small clusters need not so many
      chunks_[chunk].emplace_back();
      place = ++used_;
    } else {
      place = free_.back();
      free_.pop_back();
      const_cast<Peer&>(at(place)) = {};
    }
  }
  return const_cast<Peer&>(at(place));
}

const Coordinate* CoordinateClient::known(PeerId peer) const {
  if (peer.value >= places_.size() || places_[peer.value] == 0) return nullptr;
  return &at(places_[peer.value]).coordinate;
}

void CoordinateClient::forget(PeerId peer) {
  if (peer.value >= places_.size() || places_[peer.value] == 0) return;
  free_.push_back(places_[peer.value]);
  places_[peer.value] = 0;
}

// The median of the last samples, so that one late answer moves nothing.
double CoordinateClient::filtered(Peer& peer, double rtt) const {
  if (peer.samples == kFilterSize) {
    std::rotate(peer.latency.begin(), peer.latency.begin() + 1, peer.latency.end());
    --peer.samples;
  }
  peer.latency[peer.samples++] = rtt;
  // Of two the larger, as the reference's sorted[size / 2].
  const auto [a, b, c] = peer.latency;
  if (peer.samples == 1) return a;
  if (peer.samples == 2) return std::max(a, b);
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

CoordinateResult CoordinateClient::update(PeerId peer, const Coordinate& other, Duration rtt,
                                          const Random& random, const Rules& rules) {
  if (other.dimensions != kCoordinateDimensions) return CoordinateResult::wrong_dimensions;
  const bool guarded = rules[Rule::finite_coordinates];
  if (!is_finite(other) && guarded) return CoordinateResult::not_finite;
  if (rtt < Duration{} || rtt > kRttMax) return CoordinateResult::wrong_rtt;
  Peer& known = entry(peer);
  const double sample = filtered(known, static_cast<double>(rtt.ns) / 1e9);
  known.coordinate = other;
  vivaldi(other, sample, random);
  adjust(other, sample);
  gravity(random);
  if (!is_finite(own_) && guarded) {
    own_ = {};
    ++resets_;
    return CoordinateResult::reset;
  }
  return CoordinateResult::updated;
}

void CoordinateClient::vivaldi(const Coordinate& other, double rtt, const Random& random) {
  const double dist = distance(own_, other);
  rtt = std::max(rtt, kZero);
  const double off = dist - rtt;
  const double wrongness = (off < 0 ? -off : off) / rtt;
  const double total = std::max(own_.error + other.error, kZero);
  const double weight = own_.error / total;
  own_.error = kCe * weight * wrongness + own_.error * (1.0 - kCe * weight);
  if (own_.error > kErrorMax) own_.error = kErrorMax;
  apply_force(kCc * weight * (rtt - dist), other, random);
}

// What Euclid and heights cannot say, as half of the mean error of the last samples.
void CoordinateClient::adjust(const Coordinate& other, double rtt) {
  window_[window_at_] = rtt - raw_distance(own_, other);
  window_at_ = (window_at_ + 1) % kWindow;
  double sum = 0;
  for (const double sample : window_) sum += sample;
  own_.adjustment = sum / (2.0 * kWindow);
}

// Pulls towards the origin, the more the farther, so that the whole cloud does not drift.
void CoordinateClient::gravity(const Random& random) {
  const Coordinate origin;
  const double pull = distance(origin, own_) / kGravityRho;
  apply_force(-1.0 * (pull * pull), origin, random);
}

void CoordinateClient::apply_force(double force, const Coordinate& other, const Random& random) {
  Vector unit = difference(own_.vec, other.vec);
  const double length = magnitude(unit);
  double scale = length;
  if (!(length > kZero)) {
    // In the same place: any direction will do.
    for (double& x : unit) {
      x = static_cast<double>(random.draw(kPurpose, draws_++) >> 11) * 0x1p-53 - 0.5;
    }
    scale = magnitude(unit);
    if (!(scale > kZero)) {
      unit = {1.0};
      scale = 1.0;
    }
  }
  for (std::size_t i = 0; i < unit.size(); ++i) own_.vec[i] += unit[i] * (1.0 / scale) * force;
  if (length > kZero) {
    own_.height = (own_.height + other.height) * force / length + own_.height;
    own_.height = std::max(own_.height, kHeightMin);
  }
}

}  // namespace quorumlab::gossip
