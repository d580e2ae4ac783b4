// GIF 89a with LZW, after the specification (CompuServe 1990).
#include "viz/backend/software/gif.h"

#include <algorithm>
#include <array>
#include <utility>

#include "viz/backend/software/palette.h"

namespace quorumlab::viz {
namespace {

constexpr int kColours = 255;       // and one that leaves a pixel as it was
constexpr std::uint8_t kUntouched = 255;
constexpr int kLetterBits = 8;
constexpr int kClear = 1 << kLetterBits, kEnd = kClear + 1, kMostCodes = 4096;

std::uint32_t colour_at(const Image& image, std::size_t pixel) {
  const std::uint8_t* p = image.rgba.data() + 4 * pixel;
  return static_cast<std::uint32_t>(p[0]) << 16 | static_cast<std::uint32_t>(p[1]) << 8 | p[2];
}

// Strings of letters by the code of all but the last, and the last.
class Strings {
 public:
  void clear() { slots_.fill(0); }
  // 0: it has no code.
  int find(int prefix, int letter) const { return static_cast<int>(slots_[place(prefix, letter)] & 0xFFF); }
  void add(int prefix, int letter, int code) {
    slots_[place(prefix, letter)] = key(prefix, letter) << 12 | static_cast<std::uint32_t>(code);
  }

 private:
  static constexpr std::uint32_t kSlots = 16'384;
  static std::uint32_t key(int prefix, int letter) { return static_cast<std::uint32_t>(prefix << kLetterBits | letter); }
  std::uint32_t place(int prefix, int letter) const {
    const std::uint32_t wanted = key(prefix, letter);
    std::uint32_t at = wanted * 2'654'435'761u >> 18;
    while (slots_[at] != 0 && slots_[at] >> 12 != wanted) at = (at + 1) % kSlots;
    return at;
  }
  std::array<std::uint32_t, kSlots> slots_{};
};

}  // namespace

GifWriter::~GifWriter() {
  if (file_ != nullptr) std::fclose(file_);
}

bool GifWriter::open(const std::string& path, int width, int height) {
  file_ = std::fopen(path.c_str(), "wb");
  if (file_ == nullptr) return false;
  width_ = width;
  height_ = height;
  bytes_.assign({'G', 'I', 'F', '8', '9', 'a'});
  word(width);
  word(height);
  for (const int value : {0x70, 0, 0}) byte(value);  // no colours of its own
  // Again and again, without an end.
  for (const int value : {0x21, 0xFF, 11}) byte(value);
  for (const char c : std::string("NETSCAPE2.0")) byte(c);
  for (const int value : {3, 1, 0, 0, 0}) byte(value);
  put(bytes_);
  return true;
}

void GifWriter::put(const std::vector<std::uint8_t>& bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) good_ = false;
}

bool GifWriter::changed(const Image& image, Part& part) const {
  part = {width_, height_, 0, 0};
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const auto at = static_cast<std::size_t>(y * width_ + x);
      if (!shown_.empty() && shown_[at] == colour_at(image, at)) continue;
      part = {std::min(part.left, x), std::min(part.top, y), std::max(part.right, x + 1), y + 1};
    }
  }
  return part.left < part.right;
}

// Turns the part into numbers of colours.
void GifWriter::take_colours(const Image& image, const Part& part) {
  std::vector<std::uint32_t> all;
  const auto wide = static_cast<std::size_t>(width_);
  const auto each = [&](auto&& call) {
    for (int y = part.top; y < part.bottom; ++y) {
      for (int x = part.left; x < part.right; ++x) {
        const std::size_t at = static_cast<std::size_t>(y) * wide + static_cast<std::size_t>(x);
        const std::uint32_t colour = colour_at(image, at);
        call(at, colour, shown_.empty() || shown_[at] != colour);
      }
    }
  };
  each([&](std::size_t, std::uint32_t colour, bool is_new) {
    if (is_new) all.push_back(colour);
  });
  const Palette palette(std::move(all), kColours);
  palette_ = palette.colours();
  waiting_.clear();
  std::uint32_t last_colour = 0;
  std::uint8_t last_number = kUntouched;
  each([&](std::size_t, std::uint32_t colour, bool is_new) {
    if (is_new && (last_number == kUntouched || colour != last_colour)) {
      last_colour = colour;
      last_number = palette.number_of(colour);
    }
    waiting_.push_back(is_new ? last_number : kUntouched);
  });
}

void GifWriter::add(const Image& image, int hundredths) {
  Part part;
  if (!changed(image, part)) {
    hundredths_ += hundredths;
    return;
  }
  write_waiting();
  take_colours(image, part);
  part_ = part;
  hundredths_ = hundredths;
  has_waiting_ = true;
  shown_.resize(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  for (std::size_t i = 0; i < shown_.size(); ++i) shown_[i] = colour_at(image, i);
}

void GifWriter::write_waiting() {
  if (!has_waiting_) return;
  has_waiting_ = false;
  bytes_.clear();
  // It stays when the next one comes; number 255 leaves what is there.
  for (const int value : {0x21, 0xF9, 4, 0x05}) byte(value);
  word(std::min(hundredths_, 65'535));
  byte(kUntouched);
  byte(0);
  byte(0x2C);
  for (const int value : {part_.left, part_.top, part_.right - part_.left, part_.bottom - part_.top}) word(value);
  byte(0x87);  // 256 colours of its own
  palette_.resize(256, 0);
  for (const std::uint32_t colour : palette_) {
    for (const int shift : {16, 8, 0}) byte(static_cast<int>(colour >> shift & 255));
  }
  byte(kLetterBits);
  put(bytes_);
  write_packed(waiting_);
}

void GifWriter::write_packed(const std::vector<std::uint8_t>& pixels) {
  std::vector<std::uint8_t> packed;
  std::uint32_t bits = 0;
  int bit_count = 0, width = kLetterBits + 1, next = kEnd + 1;
  const auto emit = [&](int code) {
    bits |= static_cast<std::uint32_t>(code) << bit_count;
    for (bit_count += width; bit_count >= 8; bit_count -= 8, bits >>= 8) packed.push_back(static_cast<std::uint8_t>(bits));
  };
  Strings strings;
  emit(kClear);
  int prefix = pixels.front();
  for (std::size_t i = 1; i < pixels.size(); ++i) {
    const int letter = pixels[i];
    if (const int longer = strings.find(prefix, letter); longer != 0) {
      prefix = longer;
      continue;
    }
    emit(prefix);
    if (next < kMostCodes) {
      // The width grows when the reader, who is a code behind, will need it.
      if (next == 1 << width) ++width;
      strings.add(prefix, letter, next++);
    } else {
      emit(kClear);
      strings.clear();
      width = kLetterBits + 1;
      next = kEnd + 1;
    }
    prefix = letter;
  }
  emit(prefix);
  if (next == 1 << width && next < kMostCodes) ++width;
  emit(kEnd);
  if (bit_count > 0) packed.push_back(static_cast<std::uint8_t>(bits));
  bytes_.clear();
  for (std::size_t at = 0; at < packed.size(); at += 255) {
    const std::size_t size = std::min<std::size_t>(255, packed.size() - at);
    byte(static_cast<int>(size));
    bytes_.insert(bytes_.end(), packed.begin() + static_cast<std::ptrdiff_t>(at),
                  packed.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
  byte(0);
  put(bytes_);
}

bool GifWriter::close() {
  if (file_ == nullptr) return false;
  write_waiting();
  put({0x3B});
  good_ = std::fclose(file_) == 0 && good_;
  file_ = nullptr;
  return good_;
}

}  // namespace quorumlab::viz
