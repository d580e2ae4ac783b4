// The table of error codes.
#include "core/kv/errors.h"

namespace quorumlab::kv {
namespace {

constexpr ErrorInfo kErrors[] = {
#define X(name, code, status, message) {ErrorCode::name, status, message},
    QUORUMLAB_KV_ERRORS(X)
#undef X
};

}  // namespace

const ErrorInfo* find_error(ErrorCode code) {
  for (const ErrorInfo& info : kErrors) {
    if (info.code == code) return &info;
  }
  return nullptr;
}

}  // namespace quorumlab::kv
