"""Whether the captions of a language can be shown: what its texts are made of, and the fonts that are installed."""

from __future__ import annotations

from collections.abc import Mapping

from resources.doctor.finding import Finding, fault, ok

__all__ = ["check_captions"]

_LATIN = "AaÀÖßáçéîñøšůžŁğıĐđ"
# A word or two of each script we know a language of; all others here are written in Latin letters.
_SAMPLES: Mapping[str, str] = {
    "am": "አማርኛ",
    "ar": "العربية",
    "be": "Беларуская ў і",
    "bg": "Български",
    "bn": "বাংলা",
    "el": "Ελληνικά",
    "fa": "فارسی چگپ",
    "gu": "ગુજરાતી",
    "he": "עברית",
    "hi": "हिन्दी",
    "hy": "Հայերեն",
    "ja": "日本語 かな カナ",
    "ka": "ქართული",
    "kk": "Қазақша",
    "km": "ភាសាខ្មែរ",
    "kn": "ಕನ್ನಡ",
    "ko": "한국어",
    "lo": "ລາວ",
    "mk": "Македонски ѓќ",
    "ml": "മലയാളം",
    "mn": "Монгол өү",
    "mr": "मराठी",
    "my": "မြန်မာ",
    "ne": "नेपाली",
    "pa": "ਪੰਜਾਬੀ",
    "ru": "Русский ё",
    "si": "සිංහල",
    "sr": "Српски ђћ",
    "ta": "தமிழ்",
    "te": "తెలుగు",
    "th": "ภาษาไทย",
    "uk": "Українська ґєії",
    "ur": "اردو ٹڈڑ",
    "vi": "Tiếng Việt ươ",
    "zh": "中文 简体 繁體",
}


def check_captions(language: str) -> Finding:
    """Whether installed fonts show what a language is written with."""
    from resources.fonts import complaint

    what = f"font for {language}"
    error = complaint(_SAMPLES.get(language.split("-", maxsplit=1)[0].lower(), _LATIN))
    return fault(what, error) if error else ok(what, "its letters can be shown")
