namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>Words of the tasks. A held-out word is in no training task.</summary>
internal static class TaskWords
{
    private static readonly string[] English = Words(
        """
        acorn actor airport album alarm anchor animal answer apple apron arch arm arrow artist autumn baby badge bag ball banana
        basket bath beach beak bean bear bed bee bell belt bench berry bird blanket board boat body bone book boot bottle
        bowl box branch bread brick bridge broom brother brush bucket butter button cabin cake camel camera candle card carpet carrot
        castle cat cave chain chair chalk cheese cherry child circle city clay clock cloud coat coffee coin color comb corn
        cotton cousin cow cream crown cup curtain dance daughter desert desk dinner doctor dog doll door dragon drawer dream dress
        drum duck eagle ear earth egg elbow engine evening eye face family farm father feather fence field finger fire fish
        flag floor flower flute forest fork fox friend frog fruit garden gate gift girl glass glove goat gold grain grape
        grass hammer hand hat heart hill honey horse hotel house ice insect island jacket jar jewel juice key king kitchen
        kite knee knife ladder lake lamp leaf lemon letter library light lion lip lock machine map market meal melon milk
        mirror money monkey month moon morning mother mountain mouse mouth museum music nail neck needle nest night nose nut ocean
        onion orange oven owl page paint palace paper pencil pepper piano picture pillow pilot pocket potato queen rabbit rain ribbon
        rice river road rock roof room rope rose sail salt sand school sea seed sheep shelf ship shirt shoe silver
        sister skin sky sleep smile snow soap sock soldier song soup spoon spring square stamp star station stone storm story
        street sugar summer sun table tail teacher thread ticket tiger tooth tower toy train tree triangle uncle valley village violin
        voice wagon wall water wheel whistle wind window wing winter wolf wood wool world yard year zebra
        """);

    private static readonly string[] Korean = Words(
        """
        가게 가구 가방 가수 가위 가을 가족 가지 간식 감자 강물 강아지 거리 거미 거북 거울 겨울 경찰 계단 계절
        고구마 고기 고래 고양이 고추 골목 공원 공책 과일 과자 구두 구름 국수 군인 귀신 그네 그늘 그릇 그림 극장
        글씨 금요일 기린 기차 길이 김치 까치 꽃병 꿀벌 나라 나무 나물 나비 낙엽 낚시 날개 날씨 낮잠 냄비 냉장고
        너구리 노래 노을 놀이터 눈물 눈사람 다람쥐 다리 단추 달력 달팽이 담요 당근 대문 도끼 도서관 도시 도토리 독수리 돌멩이
        동생 동전 돼지 두부 두유 들판 등대 딸기 땅콩 떡국 라디오 라면 리본 마늘 마당 마루 마음 마을 만두 말벌
        매미 머리 먼지 메뚜기 모래 모자 목걸이 목도리 목수 무릎 무지개 문어 물감 물고기 미술 바가지 바구니 바나나 바늘 바다
        바람 바위 바지 박물관 반지 발가락 밤하늘 방울 배낭 배추 버섯 버스 번개 베개 벽돌 별빛 병아리 병원 보름달 보리
        복숭아 볼펜 봄비 부엌 부채 분필 비누 비둘기 비행기 빗자루 빨래 뿌리 사과 사다리 사람 사슴 사자 사탕 산길 상자
        새벽 색종이 생선 생일 서랍 선물 선생님 소금 소나무 소나기 소방차 손가락 손님 솜사탕 수건 수박 수영 숟가락 숲길 시간
        시계 시소 시장 신문 신발 쌀밥 씨앗 아기 아들 아침 안개 안경 앵두 약국 양말 양파 어깨 언덕 언니 얼굴
        얼음 여름 여우 여행 연못 연필 열쇠 염소 영화 오리 오빠 오이 오징어 옥수수 온도 올빼미 옷장 요리 우산 우유
        우체국 운동장 원숭이 유리 은행 음악 의자 이름 이불 이슬 이야기 인형 일기 임금 입술 자동차 자두 자전거 잔디 잠자리
        장갑 장미 장화 저녁 전등 접시 젓가락 정원 제비 조개 종이 주머니 주사위 지갑 지구 지도 지붕 지우개 지하철 참새
        창문 책상 천둥 청소 체육 초승달 촛불 치마 친구 침대 칫솔 칼국수 커튼 코끼리 콩나물 토끼 토마토 튤립 파도 팔찌
        팽이 펭귄 편지 포도 풍선 피아노 하늘 하마 학교 학생 한글 할머니 항아리 햇살 허리 호랑이 호박 호수 화분 화요일
        """);

    private static readonly char[] Consonants = [.. "bdfgklmnprstvz"], Vowels = [.. "aeiou"];
    private static readonly string[] LastLetters = ["", "", "l", "n", "r", "s"];
    private static readonly char[] Syllables = [.. "가나다라마바사자차카타파하고노도로모보소우주초토포호구누두루무부수추투강난달람만방선잔찬탄향"];

    private static readonly Dictionary<(Language, bool), string[]> Lists = new()
    {
        [(Language.English, false)] = Where(English, isHeldOut: false),
        [(Language.English, true)] = Where(English, isHeldOut: true),
        [(Language.Korean, false)] = Where(Korean, isHeldOut: false),
        [(Language.Korean, true)] = Where(Korean, isHeldOut: true),
    };

    /// <summary>Words for training, or held-out ones.</summary>
    public static IReadOnlyList<string> Of(Language language, bool isHeldOut) => Lists[(language, isHeldOut)];

    /// <summary>What decides whether a word is held out.</summary>
    public static string ContentOf(string word) => $"word {word}";

    /// <summary>A word of two or three random syllables.</summary>
    public static string Invent(Draws draws, Language language) => string.Concat(Enumerable.Range(0, 2 + draws.Below(2)).Select(_ =>
        language == Language.English
            ? $"{draws.OneOf(Consonants)}{draws.OneOf(Vowels)}{draws.OneOf(LastLetters)}" : $"{draws.OneOf(Syllables)}"));

    /// <summary>The days of the week from Monday on.</summary>
    public static IReadOnlyList<string> Days(Language language) => Words(
        language == Language.English ? "Monday Tuesday Wednesday Thursday Friday Saturday Sunday" : "월요일 화요일 수요일 목요일 금요일 토요일 일요일");

    /// <summary>The months from January on.</summary>
    public static IReadOnlyList<string> Months(Language language) =>
        language == Language.English ? EnglishParts.Months : [.. Enumerable.Range(1, 12).Select(month => $"{month}월")];

    private static string[] Where(string[] words, bool isHeldOut) =>
        [.. words.Where(word => ProceduralTasks.IsHeldOut(ContentOf(word)) == isHeldOut)];

    private static string[] Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
