// What the GIF writer writes, read back by a reader of its own.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/base/hash.h"
#include "tests/catch.h"
#include "viz/backend/software/gif.h"

namespace quorumlab::viz {
namespace {

struct Shown {
  std::vector<std::uint32_t> pixels;
  int hundredths = 0;
};

// Reads what the writer may write, and no other GIF.
class Reader {
 public:
  explicit Reader(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }
  std::vector<Shown> read() {
    REQUIRE(bytes_.substr(0, 6) == "GIF89a");
    at_ = 6;
    width_ = word();
    height_ = word();
    at_ += 3;
    std::vector<Shown> out;
    Shown now;
    now.pixels.assign(static_cast<std::size_t>(width_ * height_), 0);
    while (true) {
      const int block = byte();
      if (block == 0x3B) break;
      if (block == 0x21 && byte() == 0xFF) {
        while (const int size = byte()) at_ += static_cast<std::size_t>(size);
        continue;
      }
      if (block == 0x21) {
        REQUIRE(byte() == 4);
        REQUIRE(byte() == 5);
        now.hundredths = word();
        transparent_ = byte();
        REQUIRE(byte() == 0);
        continue;
      }
      REQUIRE(block == 0x2C);
      picture(now);
      out.push_back(now);
    }
    REQUIRE(at_ == bytes_.size());
    return out;
  }

 private:
  int byte() {
    REQUIRE(at_ < bytes_.size());
    return static_cast<unsigned char>(bytes_[at_++]);
  }
  int word() {
    const int low = byte();
    return low | byte() << 8;
  }
  void picture(Shown& now) {
    const int left = word(), top = word(), wide = word(), high = word();
    REQUIRE(byte() == 0x87);
    std::vector<std::uint32_t> palette(256);
    for (std::uint32_t& colour : palette) {
      for (int i = 0; i < 3; ++i) colour = colour << 8 | static_cast<std::uint32_t>(byte());
    }
    REQUIRE(byte() == 8);
    std::vector<int> packed;
    while (const int size = byte()) {
      for (int i = 0; i < size; ++i) packed.push_back(byte());
    }
    const std::vector<int> letters = unpack(packed);
    REQUIRE(letters.size() == static_cast<std::size_t>(wide * high));
    for (int i = 0; i < wide * high; ++i) {
      const int letter = letters[static_cast<std::size_t>(i)];
      if (letter == transparent_) continue;
      now.pixels[static_cast<std::size_t>((top + i / wide) * width_ + left + i % wide)] = palette[static_cast<std::size_t>(letter)];
    }
  }
  static std::vector<int> unpack(const std::vector<int>& packed) {
    std::vector<std::vector<int>> strings;
    std::vector<int> out, before;
    int width = 9;
    for (std::size_t bit = 0;;) {
      int code = 0;
      for (int i = 0; i < width; ++i, ++bit) {
        REQUIRE(bit / 8 < packed.size());
        code |= (packed[bit / 8] >> (bit % 8) & 1) << i;
      }
      if (code == 257) return out;
      if (code == 256) {
        strings.resize(258);
        for (int i = 0; i < 256; ++i) strings[static_cast<std::size_t>(i)] = {i};
        width = 9;
        before.clear();
        continue;
      }
      REQUIRE(code <= static_cast<int>(strings.size()));
      if (!before.empty() && strings.size() < 4096) {
        std::vector<int> longer = before;
        longer.push_back(code < static_cast<int>(strings.size()) ? strings[static_cast<std::size_t>(code)][0] : before[0]);
        strings.push_back(longer);
        if (strings.size() == std::size_t{1} << width && width < 12) ++width;
      }
      before = strings[static_cast<std::size_t>(code)];
      out.insert(out.end(), before.begin(), before.end());
    }
  }
  std::string bytes_;
  std::size_t at_ = 0;
  int width_ = 0, height_ = 0, transparent_ = -1;
};

Image image_of(const std::vector<std::uint32_t>& pixels, int width, int height) {
  Image out{width, height, {}};
  for (const std::uint32_t p : pixels) {
    for (const int shift : {16, 8, 0}) out.rgba.push_back(static_cast<std::uint8_t>(p >> shift));
    out.rgba.push_back(255);
  }
  return out;
}

}  // namespace

TEST_CASE("a GIF holds the pictures that were put into it") {
  constexpr int kWidth = 97, kHeight = 211;
  const std::string path = "gif_test.gif";
  std::vector<std::vector<std::uint32_t>> pictures;
  std::uint64_t noise = 7;
  std::vector<std::uint32_t> pixels(kWidth * kHeight, 0xFFFFFF);
  pictures.push_back(pixels);
  // Noise of 200 colours fills the table of strings many times over; then small changes.
  for (std::uint32_t& p : pixels) {
    noise = noise * 6364136223846793005u + 1442695040888963407u;
    p = static_cast<std::uint32_t>(noise >> 40) % 200 * 0x010203;
  }
  pictures.push_back(pixels);
  pixels[5000] = 0x123456;
  pixels[9000] = 0x654321;
  pictures.push_back(pixels);
  std::fill(pixels.begin() + 300, pixels.end(), 0xE69F00);
  pictures.push_back(pixels);
  GifWriter writer;
  REQUIRE(writer.open(path, kWidth, kHeight));
  for (const auto& p : pictures) {
    writer.add(image_of(p, kWidth, kHeight), 10);
    writer.add(image_of(p, kWidth, kHeight), 7);  // the same once more
  }
  REQUIRE(writer.close());
  const std::vector<Shown> shown = Reader(path).read();
  REQUIRE(shown.size() == pictures.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    INFO("picture " << i);
    CHECK(shown[i].hundredths == 17);
    CHECK(shown[i].pixels == pictures[i]);
  }
  std::ifstream in(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  CHECK(hash_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, 0) == 0x9a6d25ca7b09a21d);
  std::remove(path.c_str());
}

TEST_CASE("of more than 255 colours the rarer ones become their neighbours") {
  std::vector<std::uint32_t> pixels;
  for (std::uint32_t i = 0; i < 512; ++i) {
    for (std::uint32_t n = 0; n < (i < 256 ? 9u : 1u); ++n) pixels.push_back(i < 256 ? i << 8 : (i - 256) << 16 | 0xFF);
  }
  const std::string path = "gif_colours_test.gif";
  GifWriter writer;
  REQUIRE(writer.open(path, static_cast<int>(pixels.size()), 1));
  writer.add(image_of(pixels, static_cast<int>(pixels.size()), 1), 10);
  REQUIRE(writer.close());
  const std::vector<Shown> shown = Reader(path).read();
  REQUIRE(shown.size() == 1);
  int wrong = 0, furthest = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    wrong += shown[0].pixels[i] != pixels[i] ? 1 : 0;
    for (const int shift : {0, 8, 16}) {
      const auto part = [&](std::uint32_t colour) { return static_cast<int>(colour >> shift & 255); };
      furthest = std::max(furthest, std::abs(part(shown[0].pixels[i]) - part(pixels[i])));
    }
  }
  CHECK(wrong > 0);
  CHECK(furthest <= 4);
  std::remove(path.c_str());
}

TEST_CASE("a GIF that cannot be written is told") {
  GifWriter writer;
  CHECK_FALSE(writer.open("no/such/folder/out.gif", 4, 4));
}

}  // namespace quorumlab::viz
