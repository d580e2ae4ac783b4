// Results of work on input from outside: a value, or an error that says where and what.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace quorumlab {

struct Error {
  std::string where;  // a file and line, a JSON path, a byte offset; may be empty
  std::string what;   // what was wrong and what was expected
  std::string text() const { return where.empty() ? what : where + ": " + what; }
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> error(std::string where, std::string what) {
  return tl::unexpected<Error>(Error{std::move(where), std::move(what)});
}

}  // namespace quorumlab
