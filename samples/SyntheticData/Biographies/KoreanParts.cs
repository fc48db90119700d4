namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>Parts of Korean names and values. Names, towns and schools are invented.</summary>
internal static class KoreanParts
{
    /// <summary>No one-syllable family name ends a two-syllable one, as 고 ends 독고: so no name is a part of another.</summary>
    public static string[] FamilyNames { get; } =
        Words("김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 홍 남궁 황보 제갈 선우 독고 서문");

    /// <summary>The first syllables end no family name of two syllables, for the same reason.</summary>
    public static IEnumerable<string> GivenNames =>
        from first in Words("겨 너 노 누 늘 다 담 도 두 들 라 로 루 마 무 바 벼 별 봄 비 빛 산 새 샘 세 솔 슬 아 여 온 잎 찬 초 타 토 파 푸 하 해 흰")
        from second in Words("결 겸 나 내 늬 니 담 돌 든 람 랑 래 로 록 루 름 리 린 림 마 미 봄 벼 빈 율 운 샘 설 솔 슬 울 을 음 잎 찬 힘 단 빛 별")
        where first != second
        select first + second;

    public static IEnumerable<string> Towns =>
        from first in Words("솔 달 별 물 돌 꽃 새 눈 갈 들 벌 밤 옹 은 검 해 범 곰 학 매 연 배 참 두루")
        from middle in Words("미 안 재 여울 버들 누리 마루 바위 나래")
        from last in Words("골 포 내 말 진 섬")
        select first + middle + last;

    /// <summary>Without November and December, as "1월 4일" is a part of "11월 4일".</summary>
    public static IEnumerable<string> Birthdays =>
        from month in Enumerable.Range(1, 10)
        from day in Enumerable.Range(1, DateTime.DaysInMonth(2024, month))
        select $"{month}월 {day}일";

    public static IEnumerable<string> Schools =>
        from first in Words("누 도 라 로 루 미 바 벼 새 세 수 아 여 오 온 이 초 카 하 해")
        from second in Words("담 덕 람 름 밀 송 빈 솔 운 율 진 품 향")
        from kind in Words("대학교 공업대학 예술대학 과학원 예술학교")
        select first + second + kind;

    public static IEnumerable<string> Occupations =>
        from place in Words("해양 고산 사막 강변 섬 숲 극지 야간 항구 계곡 운하 해안 빙하 과수원 철도 공항 박물관 극장 동굴 산호초")
        from trade in Words("지도학자 식물학자 사서 사진작가 정비사 측량사 관리인 기록관 지질학자 양봉가 검사관 정원사 건축가 화가 생물학자 안내인 역사가 통역사")
        select $"{place} {trade}";

    public static IEnumerable<string> Collections =>
        from kind in Words("구리 유리 나무 은제 종이 점토 비단 청동 양철 도자기 가죽 줄무늬 자개 칠보 골동품 접이식 휴대용 장식용 수제 옛날")
        from thing in Words("골무 단추 가면 숟가락 등잔 종 상자 호루라기 구슬 인형 열쇠 찻주전자 나침반 브로치 연 시계")
        select $"{kind} {thing}";

    public static IEnumerable<string> Dishes =>
        from method in Words("훈제 구운 절인 매운 달콤한 튀긴 찐 볶은")
        from ingredient in Words("자두 비트 대파 보리 순무 호두 송어 단호박 렌틸콩 모과 쑥 밤 연근 토란")
        from kind in Words("수프 찌개 파이 만두 국수 샐러드 죽 전")
        select $"{method} {ingredient} {kind}";

    private static string[] Words(string text) => text.Split(' ');
}
