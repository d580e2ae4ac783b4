// Room for a protocol that is not ours: anything that answers events with effects can take Node's
// place in the virtual world. Only such a node is type-erased; ours is called directly.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/node/event.h"

namespace quorumlab::world {

struct ForeignBehaviour {
  virtual ~ForeignBehaviour() = default;
  virtual void step(Now now, const Event& event, Effects& out) = 0;
  // A fork of the world copies its nodes.
  virtual std::unique_ptr<ForeignBehaviour> clone() const = 0;
  // Whether it says that it leads: 0 does not, and of several who do the highest is meant by "@leader".
  virtual std::uint64_t leads() const { return 0; }
};

struct ForeignStart {
  NodeId id;
  std::uint32_t nodes = 0;  // ids are 1..nodes
  Random random;            // another one for each start
  const void* context = nullptr;
  const std::vector<std::string>* names = nullptr;  // of the nodes, by id - 1; during the call only
};
// Called for each start of a process, before Event::Kind::started.
using ForeignFactory = std::unique_ptr<ForeignBehaviour> (*)(const ForeignStart&);

// The behaviour as a value.
class ForeignNode {
 public:
  ForeignNode() = default;
  explicit ForeignNode(std::unique_ptr<ForeignBehaviour> behaviour)
      : behaviour_(std::move(behaviour)) {}
  ForeignNode(const ForeignNode& o) : behaviour_(o.behaviour_ ? o.behaviour_->clone() : nullptr) {}
  ForeignNode(ForeignNode&&) noexcept = default;
  ForeignNode& operator=(const ForeignNode& o) {
    if (this != &o) behaviour_ = o.behaviour_ ? o.behaviour_->clone() : nullptr;
    return *this;
  }
  ForeignNode& operator=(ForeignNode&&) noexcept = default;

  void step(Now now, const Event& event, Effects& out) {
    if (behaviour_) behaviour_->step(now, event, out);
  }
  const ForeignBehaviour* behaviour() const { return behaviour_.get(); }

 private:
  std::unique_ptr<ForeignBehaviour> behaviour_;
};

}  // namespace quorumlab::world
