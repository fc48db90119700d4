namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>Phrasings of the tasks.</summary>
internal static class TaskPhrasings
{
    private static readonly Dictionary<string, (string[] English, string[] Korean)> All = new()
    {
        ["copy"] = Of(
            """
            Repeat the word {word}.
            Copy this word: {word}
            Write the word {word}.
            Say {word}.
            Give back the same word: {word}
            """,
            """
            {quoted:이라고/라고} 말해 보세요.
            {quoted:을/를} 그대로 써 주세요.
            다음 낱말을 따라 쓰세요: {word}
            이 낱말을 똑같이 써 줘: {word}
            {quoted:이라는/라는} 낱말을 그대로 적으세요.
            """),
        ["spell"] = Of(
            """
            Spell the word {word}.
            How do you spell {word}?
            Spell this word letter by letter: {word}
            What are the letters of {word}?
            Write the letters of {word} with hyphens.
            """,
            """
            {quoted:을/를} 한 글자씩 써 주세요.
            {quoted:을/를} 글자마다 끊어 쓰세요.
            다음 낱말을 한 글자씩 나누세요: {word}
            {quoted:은/는} 어떤 글자들로 되어 있어요?
            {quoted:을/를} 줄표로 나누어 써 줘.
            """),
        ["count-letters"] = Of(
            """
            How many letters are in {word}?
            Count the letters of {word}.
            How many letters does the word {word} have?
            What is the number of letters in {word}?
            How long is the word {word} in letters?
            """,
            """
            {quoted:은/는} 몇 글자예요?
            {quoted:은/는} 몇 글자입니까?
            {quoted:이라는/라는} 낱말은 몇 글자인가요?
            {quoted}의 글자 수를 세어 주세요.
            다음 낱말의 글자 수는? {word}
            """),
        ["count-words"] = Of(
            """
            How many words are here: {words}
            Count the words: {words}
            What is the number of words? {words}
            How many words do you see? {words}
            Tell me how many words this is: {words}
            """,
            """
            낱말이 몇 개예요? {words}
            낱말 수를 세어 주세요: {words}
            다음은 낱말 몇 개입니까? {words}
            여기에 낱말이 몇 개 있나요? {words}
            낱말이 몇 개인지 말해 줘: {words}
            """),
        ["sort-words"] = Of(
            """
            Sort these words from A to Z: {words}
            Put the words in alphabetical order: {words}
            What is the alphabetical order of {words}?
            Order the words by the alphabet: {words}
            Alphabetize: {words}
            """,
            """
            가나다순으로 쓰세요: {words}
            다음 낱말을 가나다순으로 정렬해 주세요: {words}
            가나다순으로 늘어놓으면? {words}
            낱말을 사전 순서로 써 줘: {words}
            사전에 나오는 순서는 무엇입니까? {words}
            """),
        ["sort-rising"] = Of(
            """
            Sort from smallest to largest: {numbers}
            Put in rising order: {numbers}
            Order these numbers, smallest first: {numbers}
            What is the ascending order of {numbers}?
            Arrange from low to high: {numbers}
            """,
            """
            작은 수부터 쓰세요: {numbers}
            오름차순으로 정렬해 주세요: {numbers}
            작은 것부터 차례로 늘어놓으면? {numbers}
            다음 수를 작은 순서로 써 줘: {numbers}
            오름차순으로 쓰면 어떻게 됩니까? {numbers}
            """),
        ["sort-falling"] = Of(
            """
            Sort from largest to smallest: {numbers}
            Put in falling order: {numbers}
            Order these numbers, largest first: {numbers}
            What is the descending order of {numbers}?
            Arrange from high to low: {numbers}
            """,
            """
            큰 수부터 쓰세요: {numbers}
            내림차순으로 정렬해 주세요: {numbers}
            큰 것부터 차례로 늘어놓으면? {numbers}
            다음 수를 큰 순서로 써 줘: {numbers}
            내림차순으로 쓰면 어떻게 됩니까? {numbers}
            """),
        ["sum"] = Of(
            """
            What is {a} + {b}?
            {a} plus {b} is what?
            Add {a} and {b}.
            How much is {a} plus {b}?
            What is the sum of {a} and {b}?
            """,
            """
            {a} + {b} = ?
            {a} 더하기 {b:은/는} 얼마예요?
            {a:과/와} {b:을/를} 더하면 얼마입니까?
            {a:과/와} {b}의 합은?
            {a}에 {b:을/를} 더하면 얼마인가요?
            """),
        ["day-next-after"] = Of(
            """
            What day comes after {start}?
            Which day is the day after {start}?
            What is the next day after {start}?
            {start} is followed by which day?
            If today is {start}, what day is tomorrow?
            """,
            """
            {start} 다음 날은 무슨 요일이에요?
            {start}의 다음 날은 무슨 요일입니까?
            오늘이 {start:이면/면} 내일은 무슨 요일인가요?
            {start} 바로 다음 요일은?
            {start} 다음에는 무슨 요일이 와요?
            """),
        ["day-next-before"] = Of(
            """
            What day comes before {start}?
            Which day is the day before {start}?
            Which day is right before {start}?
            {start} follows which day?
            If today is {start}, what day was yesterday?
            """,
            """
            {start} 전날은 무슨 요일이에요?
            {start}의 전날은 무슨 요일입니까?
            오늘이 {start:이면/면} 어제는 무슨 요일이었나요?
            {start} 바로 앞 요일은?
            {start} 앞에는 무슨 요일이 와요?
            """),
        ["day-after"] = Of(
            """
            What day is {steps} days after {start}?
            Which day comes {steps} days after {start}?
            If today is {start}, what day is it in {steps} days?
            {steps} days after {start} is which day?
            Count {steps} days on from {start}. Which day is it?
            """,
            """
            {start}에서 {steps}일 뒤는 무슨 요일이에요?
            {start:으로/로}부터 {steps}일 뒤는 무슨 요일입니까?
            오늘이 {start:이면/면} {steps}일 뒤는 무슨 요일인가요?
            {start}의 {steps}일 뒤 요일은?
            {start}에서 {steps}일이 지나면 무슨 요일이에요?
            """),
        ["day-before"] = Of(
            """
            What day is {steps} days before {start}?
            Which day comes {steps} days before {start}?
            If today is {start}, what day was it {steps} days ago?
            {steps} days before {start} is which day?
            Count {steps} days back from {start}. Which day is it?
            """,
            """
            {start}에서 {steps}일 전은 무슨 요일이에요?
            {start:으로/로}부터 {steps}일 전은 무슨 요일입니까?
            오늘이 {start:이면/면} {steps}일 전은 무슨 요일이었나요?
            {start}의 {steps}일 전 요일은?
            {start}보다 {steps}일 앞선 날은 무슨 요일이에요?
            """),
        ["month-next-after"] = Of(
            """
            What month comes after {start}?
            Which month is the month after {start}?
            What is the next month after {start}?
            {start} is followed by which month?
            If it is {start}, what is the next month?
            """,
            """
            {start} 다음 달은 몇 월이에요?
            {start}의 다음 달은 몇 월입니까?
            이번 달이 {start:이면/면} 다음 달은 몇 월인가요?
            {start} 바로 다음 달은?
            {start} 다음에는 몇 월이 와요?
            """),
        ["month-next-before"] = Of(
            """
            What month comes before {start}?
            Which month is the month before {start}?
            Which month is right before {start}?
            {start} follows which month?
            If it is {start}, what was the last month?
            """,
            """
            {start} 전달은 몇 월이에요?
            {start}의 바로 전달은 몇 월입니까?
            이번 달이 {start:이면/면} 지난달은 몇 월이었나요?
            {start} 바로 앞 달은?
            {start} 앞에는 몇 월이 와요?
            """),
        ["month-after"] = Of(
            """
            What month is {steps} months after {start}?
            Which month comes {steps} months after {start}?
            If it is {start}, what month is it in {steps} months?
            {steps} months after {start} is which month?
            Count {steps} months on from {start}. Which month is it?
            """,
            """
            {start}에서 {steps}개월 뒤는 몇 월이에요?
            {start:으로/로}부터 {steps}개월 뒤는 몇 월입니까?
            이번 달이 {start:이면/면} {steps}개월 뒤는 몇 월인가요?
            {start}의 {steps}개월 뒤는?
            {start}에서 {steps}개월이 지나면 몇 월이에요?
            """),
        ["month-before"] = Of(
            """
            What month is {steps} months before {start}?
            Which month comes {steps} months before {start}?
            If it is {start}, what month was it {steps} months ago?
            {steps} months before {start} is which month?
            Count {steps} months back from {start}. Which month is it?
            """,
            """
            {start}에서 {steps}개월 전은 몇 월이에요?
            {start:으로/로}부터 {steps}개월 전은 몇 월입니까?
            이번 달이 {start:이면/면} {steps}개월 전은 몇 월이었나요?
            {start}의 {steps}개월 전은?
            {start}보다 {steps}개월 앞선 달은 몇 월이에요?
            """),
        ["month-number"] = Of(
            """
            What is the number of the month {month}?
            Which number does the month {month} have?
            Write the month {month} as a number.
            What month number is {month}?
            {month} is month number what?
            """,
            """
            영어로 {month}, 몇 월이에요?
            다음 영어 달 이름을 한국어로 쓰세요: {month}
            한국어로 몇 월입니까? {month}
            다음 영어 이름은 몇 월인가요? {month}
            {month}, 한국어로는 몇 월이야?
            """),
        ["month-name"] = Of(
            """
            Which month has the number {month}?
            What is the name of month {month}?
            Name month number {month}.
            Month {month} of the year is which month?
            Which month is number {month} in the year?
            """,
            """
            {month:은/는} 영어로 뭐예요?
            {month:은/는} 영어로 무엇입니까?
            {month:을/를} 영어로 쓰세요.
            {month}의 영어 이름을 알려 주세요.
            {month:이/가} 영어로 뭐야?
            """),
        ["unit"] = Of(
            """
            How many {unit} is {amount}?
            Convert {amount} to {unit}.
            What is {amount} in {unit}?
            Write {amount} in {unit}.
            {amount} is how many {unit}?
            """,
            """
            {amount} = ? {unit}
            {unit} 단위로 바꾸면? {amount}
            다음을 {unit} 단위로 바꾸세요: {amount}
            {unit} 단위로 나타내면 얼마예요? {amount}
            {unit} 단위로 써 주세요: {amount}
            """),
        ["numeral"] = Of(
            """
            Write this number in {form}: {number}
            What is {number} in {form}?
            How do you write {number} in {form}?
            Give the number {number} in {form}.
            Say {number} in {form}.
            """,
            """
            다음 수를 {form:으로/로} 쓰세요: {number}
            {form:으로/로} 쓰면? {number}
            이 수를 {form:으로/로} 써 주세요: {number}
            {form:으로/로} 어떻게 씁니까? {number}
            {form:으로/로} 바꿔 줘: {number}
            """),
    };

    /// <summary>Names of the forms.</summary>
    public static IReadOnlyCollection<string> Forms => All.Keys;

    public static string[] Of(string form, Language language) => language == Language.English ? All[form].English : All[form].Korean;

    private static (string[] English, string[] Korean) Of(string english, string korean) =>
        (Phrasing.Lines(english), Phrasing.Lines(korean));
}
