// The error codes of the v2 API: number, HTTP status and message (etcd's table; those that its 3.4
// defines but never answers are left out).
#pragma once

#include <cstdint>
#include <string_view>

namespace quorumlab::kv {

// X(name, code, status, message)
#define QUORUMLAB_KV_ERRORS(X)                                                    \
  X(key_not_found, 100, 404, "Key not found")                                     \
  X(compare_failed, 101, 412, "Compare failed")                                   \
  X(not_a_file, 102, 403, "Not a file")                                           \
  X(not_a_directory, 104, 400, "Not a directory")                                 \
  X(key_exists, 105, 412, "Key already exists")                                   \
  X(root_read_only, 107, 400, "Root is read only")                                \
  X(directory_not_empty, 108, 403, "Directory not empty")                         \
  X(previous_value_required, 201, 400, "PrevValue is Required in POST form")      \
  X(ttl_not_a_number, 202, 400, "The given TTL in POST form is not a number")     \
  X(index_not_a_number, 203, 400, "The given index in POST form is not a number") \
  X(invalid_field, 209, 400, "Invalid field")                                     \
  X(invalid_form, 210, 400, "Invalid POST form")                                  \
  X(refresh_value, 211, 400, "Value provided on refresh")                         \
  X(refresh_ttl_required, 212, 400, "A TTL must be provided on refresh")          \
  X(raft_internal, 300, 500, "Raft Internal Error")                               \
  X(index_cleared, 401, 400, "The event in requested index is outdated and cleared")

enum class ErrorCode : std::uint16_t {
  none = 0,
#define X(name, code, status, message) name = code,
  QUORUMLAB_KV_ERRORS(X)
#undef X
};

struct ErrorInfo {
  ErrorCode code;
  std::uint16_t status;
  std::string_view message;
};
// Null if there is no such code.
const ErrorInfo* find_error(ErrorCode code);

// A refusal by the store. `cause` points into what was asked, or into the store until its next
// operation.
struct Refusal {
  ErrorCode code = ErrorCode::none;
  std::string_view cause;
  std::uint64_t index = 0;
  explicit operator bool() const { return code != ErrorCode::none; }
};

}  // namespace quorumlab::kv
