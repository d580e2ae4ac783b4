// The member list, and ids as etcd derives them: by SHA-1, whose only use here is to give the same
// numbers.
#include "core/kv/members.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/assert.h"

namespace quorumlab::kv {
namespace {

// FIPS 180-4, section 6.1. The first eight bytes, as a big-endian number.
std::uint64_t sha1_prefix(Bytes text) {
  std::array<std::uint32_t, 5> h{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8;
  text.push_back(0x80);
  while (text.size() % 64 != 56) text.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8) {
    text.push_back(static_cast<std::uint8_t>(bits >> shift));
  }
  for (std::size_t block = 0; block < text.size(); block += 64) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8 | text[block + i];
    for (std::size_t i = 16; i < 80; ++i) {
      w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    auto [a, b, c, d, e] = h;
    for (std::size_t i = 0; i < 80; ++i) {
      std::uint32_t f = 0, k = 0;
      if (i < 20) {
        f = (b & c) | (~b & d);
        k = 0x5a827999;
      } else if (i < 40) {
        f = b ^ c ^ d;
        k = 0x6ed9eba1;
      } else if (i < 60) {
        f = (b & c) | (b & d) | (c & d);
        k = 0x8f1bbcdc;
      } else {
        f = b ^ c ^ d;
        k = 0xca62c1d6;
      }
      const std::uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
  }
  return static_cast<std::uint64_t>(h[0]) << 32 | h[1];
}

Bytes id_text(const std::vector<std::string>& peer_urls, std::string_view token) {
  std::vector<std::string> sorted = peer_urls;
  std::sort(sorted.begin(), sorted.end());
  Bytes text;
  for (const std::string& url : sorted) text.insert(text.end(), url.begin(), url.end());
  text.insert(text.end(), token.begin(), token.end());
  return text;
}

void put_strings(const std::vector<std::string>& all, ByteWriter& w) {
  w.varint(all.size());
  for (const std::string& text : all) w.sized(text);
}

std::vector<std::string> take_strings(ByteReader& r) {
  std::vector<std::string> all;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok(); --n) all.emplace_back(as_text(r.sized()));
  return all;
}

}  // namespace

std::uint64_t member_id(const std::vector<std::string>& peer_urls, std::string_view token) {
  return sha1_prefix(id_text(peer_urls, token));
}

std::uint64_t member_id(const std::vector<std::string>& peer_urls, std::string_view token,
                        std::int64_t unix_seconds) {
  Bytes text = id_text(peer_urls, token);
  const std::string seconds = std::to_string(unix_seconds);
  text.insert(text.end(), seconds.begin(), seconds.end());
  return sha1_prefix(std::move(text));
}

std::uint64_t cluster_id(std::vector<std::uint64_t> member_ids) {
  std::sort(member_ids.begin(), member_ids.end());
  Bytes text;
  for (const std::uint64_t id : member_ids) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      text.push_back(static_cast<std::uint8_t>(id >> shift));
    }
  }
  return sha1_prefix(std::move(text));
}

void Members::clear() {
  all_.clear();
  removed_.clear();
  version.clear();
}

const Member* Members::find(std::uint64_t id) const {
  for (const Member& member : all_) {
    if (member.id == id) return &member;
  }
  return nullptr;
}

const Member* Members::find_node(NodeId node) const {
  for (const Member& member : all_) {
    if (member.node == node && node) return &member;
  }
  return nullptr;
}

bool Members::is_removed(std::uint64_t id) const {
  return std::binary_search(removed_.begin(), removed_.end(), id);
}

bool Members::has_peer_url(const std::vector<std::string>& urls, std::uint64_t except) const {
  for (const Member& member : all_) {
    if (member.id == except) continue;
    for (const std::string& url : member.peer_urls) {
      if (std::find(urls.begin(), urls.end(), url) != urls.end()) return true;
    }
  }
  return false;
}

void Members::add(Member member) {
  ASSERT(find(member.id) == nullptr, "a member is added once");
  const auto place =
      std::find_if(all_.begin(), all_.end(), [&](const Member& m) { return m.id > member.id; });
  all_.insert(place, std::move(member));
}

void Members::remove(std::uint64_t id) {
  std::erase_if(all_, [&](const Member& m) { return m.id == id; });
  const auto place = std::lower_bound(removed_.begin(), removed_.end(), id);
  if (place == removed_.end() || *place != id) removed_.insert(place, id);
}

Member* Members::change(std::uint64_t id) { return const_cast<Member*>(find(id)); }

void Members::encode(Bytes& out) const {
  ByteWriter w(out);
  w.varint(all_.size());
  for (const Member& member : all_) {
    w.u64(member.id);
    w.varint(member.node.value);
    w.sized(member.name);
    put_strings(member.peer_urls, w);
    put_strings(member.client_urls, w);
  }
  w.varint(removed_.size());
  for (const std::uint64_t id : removed_) w.u64(id);
  w.sized(version);
}

bool Members::decode(ByteReader& r) {
  clear();
  bool good = true;
  for (std::uint64_t n = r.varint(); n > 0 && r.ok() && good; --n) {
    Member member;
    member.id = r.u64();
    const std::uint64_t node = r.varint();
    member.node = NodeId{static_cast<std::uint32_t>(node)};
    member.name = as_text(r.sized());
    member.peer_urls = take_strings(r);
    member.client_urls = take_strings(r);
    good = node <= UINT32_MAX && (all_.empty() || all_.back().id < member.id);
    all_.push_back(std::move(member));
  }
  for (std::uint64_t n = r.varint(); n > 0 && r.ok() && good; --n) {
    const std::uint64_t id = r.u64();
    good = removed_.empty() || removed_.back() < id;
    removed_.push_back(id);
  }
  version = as_text(r.sized());
  if (r.ok() && good) return true;
  clear();
  return false;
}

}  // namespace quorumlab::kv
