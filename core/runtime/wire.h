// One TCP connection with a queue of what is still to be sent. For the .cpp files of this folder
// only: it brings in Asio.
#pragma once

#include <boost/asio.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "core/base/bytes.h"

namespace quorumlab::runtime {

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  using Handler = std::function<void(bool ok)>;

  // A wire that is not connected yet keeps what it is given until start().
  Wire(boost::asio::ip::tcp::socket socket, std::size_t max_backlog, bool connected)
      : socket_(std::move(socket)),
        linger_(socket_.get_executor()),
        max_backlog_(max_backlog),
        connected_(connected) {}

  boost::asio::ip::tcp::socket& socket() { return socket_; }

  // Queues bytes. False when the other end takes too little: then the connection is of no more use.
  [[nodiscard]] bool send(Bytes bytes) {
    if (closed_ || finishing_) return true;
    backlog_ += bytes.size();
    if (backlog_ > max_backlog_) return false;
    queue_.push_back(std::move(bytes));
    if (connected_ && queue_.size() == 1) send_next();
    return true;
  }
  // The connection is up: `first` goes out before what was queued.
  void start(Bytes first) {
    connected_ = true;
    backlog_ += first.size();
    queue_.push_front(std::move(first));
    send_next();
  }

  // Reads exactly `size` bytes into `into`, then calls the handler.
  void read(Bytes& into, std::size_t size, Handler handler) {
    into.resize(size);
    boost::asio::async_read(
        socket_, boost::asio::buffer(into),
        [self = shared_from_this(), handler = std::move(handler)](
            boost::system::error_code failure, std::size_t) { handler(!failure); });
  }
  // Reads what comes next, up to `most` bytes; an end of the stream is not ok.
  void read_some(Bytes& into, std::size_t most, Handler handler) {
    into.resize(most);
    socket_.async_read_some(boost::asio::buffer(into),
                            [self = shared_from_this(), &into, handler = std::move(handler)](
                                boost::system::error_code failure, std::size_t n) {
                              if (!failure) into.resize(n);
                              handler(!failure);
                            });
  }

  // Sends what is queued, then says goodbye; the other end has `linger` to take it.
  void finish(std::chrono::milliseconds linger) {
    finishing_ = true;
    linger_.expires_after(linger);
    linger_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->abort();
    });
    if (connected_ && queue_.empty()) shut_down();
  }
  // Closes at once; whatever is under way ends with an error.
  void abort() {
    boost::system::error_code ignored;
    closed_ = true;
    linger_.cancel();
    socket_.close(ignored);
  }

 private:
  void send_next() {
    boost::asio::async_write(socket_, boost::asio::buffer(queue_.front()),
                             [self = shared_from_this()](boost::system::error_code failure,
                                                         std::size_t) { self->sent(!failure); });
  }
  void sent(bool ok) {
    if (!ok) return abort();  // the reader of this connection notices and tells
    backlog_ -= queue_.front().size();
    queue_.pop_front();
    if (!queue_.empty()) return send_next();
    if (finishing_) shut_down();
  }
  void shut_down() {
    boost::system::error_code ignored;
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  }

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer linger_;
  std::deque<Bytes> queue_;
  std::size_t backlog_ = 0, max_backlog_;
  bool connected_;
  bool finishing_ = false, closed_ = false;
};

}  // namespace quorumlab::runtime
